// Where the broker keeps its files: the few things it asks of a disk, so that memory can stand in for one.

/** A file open for reading and writing. Positions and lengths are in bytes; the operating system's errors are thrown. */
export interface StoredFile {
  /** Fills `into` from `position` on as far as the file goes; returns how many bytes that were. */
  read(into: Buffer, position: number): number
  /** Writes all of `bytes`; a write that throws may have written a part of them. */
  write(bytes: Buffer, position: number): void
  truncate(bytes: number): void
  /** Resolves when what has been written is on the disk. */
  sync(): Promise<void>
  /** Like `sync`, and waits. */
  syncNow(): void
  close(): void
}

export interface Storage {
  /**
   * Keeps others out of a folder, which is made when absent, until `release`.
   *
   * @throws PipelineError DATA_DIRECTORY_IN_USE
   */
  hold(folder: string): { release(): void }
  /** Makes a folder and those around it, when absent. */
  makeFolder(folder: string): void
  /** Names of what a folder holds. */
  list(folder: string): string[]
  /** Opens a file, which is made when absent; its folder must be there. */
  open(file: string): StoredFile
  /** Length of a file that is there. */
  size(file: string): number
  /** What a file holds, or null when there is none. */
  content(file: string): Buffer | null
  /**
   * Replaces a file as a whole: a reader finds the old content or the new one, never a part. With `onDisk` that holds
   * after a power failure too.
   */
  replace(file: string, content: Buffer, onDisk: boolean): void
  rename(from: string, to: string): void
  /** Removes a file, or a folder with all it holds; what is not there is no reason to fail. */
  remove(path: string): void
}
