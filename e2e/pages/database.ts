/** A name for a database that no other test uses, in this run or in one before. */
export const newDatabase = (): string => `test-${crypto.randomUUID()}`;
