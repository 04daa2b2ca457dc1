// What a process has written so far, as Linux counts it.
import { readFileSync } from 'node:fs'

export interface WrittenBytes {
  /** Handed to write calls, those to sockets included. */
  readonly called: number
  /** Of pages on their way to the disk: one that is written twice before it gets there counts once. */
  readonly toDisk: number
}

/** `undefined` where the system does not tell. */
export function writtenBytes(pid: number): WrittenBytes | undefined {
  if (process.platform !== 'linux') return undefined
  const text = readFileSync(`/proc/${pid}/io`, 'utf8')
  const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1])
  return { called: count('wchar'), toDisk: count('write_bytes') }
}
