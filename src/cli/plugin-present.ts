// What stands already where the plugin is to be written.
import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { BridgeError } from '../errors.ts'
import { type PackedPlugin, readPlugin } from '../powerschool/plugin-bytes.ts'

export interface PresentPlugin extends PackedPlugin {
  readonly bytes: Uint8Array
}

/** The plugin that the file holds already, if any. Refuses with `settings-invalid` whatever else stands in the way. */
export function readPresent(out: string, name: string): PresentPlugin | undefined {
  const folder = statSync(dirname(out), { throwIfNoEntry: false })
  if (folder?.isDirectory() !== true) {
    throw new BridgeError('settings-invalid', `There is no folder ${dirname(out)}.`, {
      remedy: 'Make it, or name another --out.',
    })
  }
  const present = statSync(out, { throwIfNoEntry: false })
  if (present === undefined) return undefined
  const another = { remedy: 'Name another file with --out.' }
  if (!present.isFile()) throw new BridgeError('settings-invalid', `${out} is there and is no file.`, another)
  const bytes = readOrRefuse(out)
  const plugin = readPlugin(bytes)
  if (plugin === undefined) {
    throw new BridgeError('settings-invalid', `${out} is there and is no plugin; it stays as it is.`, another)
  }
  if (plugin.name === name) return { ...plugin, bytes }
  throw new BridgeError(
    'settings-invalid',
    `${out} is there and is the plugin ${JSON.stringify(plugin.name)}, not ${JSON.stringify(name)}; it stays as it is.`,
    another,
  )
}

function readOrRefuse(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new BridgeError('settings-invalid', `${path} is there and cannot be read (${code}).`, {
      remedy: 'Name another file with --out.',
      cause,
    })
  }
}

/** Whether both hold the same. */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
