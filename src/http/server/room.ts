/** What bounds how many bytes of values a request holds: those that it answers with, and those that are being read. */
export interface Room {
  readonly maxBytes: number;
  /** Whether what is held is more than fits. */
  readonly isFull: boolean;
  /** Whether another value may be read, by what is held and how large values have been of late. */
  mayRead(): boolean;
  /** A read begins. */
  begin(): void;
  /** A read is over, with a value of so many bytes, or with none. */
  end(size?: number): void;
  /** Whether so many bytes more fit. The first always do. */
  fits(size: number): boolean;
  /** Holds so many bytes more, and returns whether they fit. */
  hold(size: number): boolean;
}

// How many values are read at once at most: whatever a store brings, so many may be too much.
const most = 8;

/**
 * Returns what makes rooms of so many bytes. Nobody knows how large a value is before it is read: it is taken to be as large as
 * those before it, of this request or another, and those that are too much are read one by one.
 */
export function createRooms(maxBytes: number): () => Room {
  let usual = maxBytes;
  return () => {
    let held = 0;
    let reading = 0;
    const fits = (size: number): boolean => held === 0 || held + size <= maxBytes;
    return {
      maxBytes,
      get isFull() {
        return held > maxBytes;
      },
      mayRead: () => reading < Math.max(1, Math.min(most, Math.floor((maxBytes - held) / Math.max(1, usual)))),
      begin: () => void reading++,
      end(size) {
        reading--;
        if (size !== undefined) usual = Math.max(size, usual * 0.9);
      },
      fits,
      hold(size) {
        const isFitting = fits(size);
        held += size;
        return isFitting;
      },
    };
  };
}
