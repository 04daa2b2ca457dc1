// Writes a file whole or not at all: under a name of its own in the same folder, then renamed.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { BridgeError } from '../errors.ts'

/** Replaces what is there. Refuses with `settings-invalid` when the folder is missing or not to be written in. */
export function writeWhole(path: string, content: string | Uint8Array, { makesFolder = false } = {}): void {
  const draft = `${path}.${crypto.randomUUID()}`
  try {
    if (makesFolder) mkdirSync(dirname(path), { recursive: true })
    writeFileSync(draft, content, { flag: 'wx', flush: true })
    renameSync(draft, path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new BridgeError('settings-invalid', `${path} cannot be written (${code}).`, {
      remedy:
        code === 'ENOENT' || code === 'ENOTDIR'
          ? 'Make its folder first, or name another.'
          : 'Name a file in a folder that this user may write in, on a disk with room.',
      cause,
    })
  } finally {
    rmSync(draft, { force: true })
  }
}
