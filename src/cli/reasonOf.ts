/** Returns why a call on a file failed, without the name of the system call and a path that nobody gave. */
export function reasonOf(cause: unknown): string {
  const { message = String(cause) } = Object(cause) as Partial<Error>;
  return /^E[A-Z\d]+: (.+?), [a-z]+\b/.exec(message)?.[1] ?? message;
}
