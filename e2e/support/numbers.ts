/** The numbers from 1 to a count. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Some numbers in ascending order. */
export const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
