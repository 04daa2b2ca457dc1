// The last version of each plugin that was made here, so that the version rises with the content and not with each run.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { BridgeError } from '../errors.ts'
import type { PluginFile } from '../powerschool/plugin.ts'
import { isVersion } from '../powerschool/plugin-version.ts'
import { writeWhole } from './write-whole.ts'

const MEMORY = z.record(
  z.string(),
  z.strictObject({ version: z.string().refine(isVersion), digest: z.string().regex(/^[0-9a-f]{64}$/) }),
)

/** By the plugin's name: PowerSchool takes a zip and a bare manifest of one name for versions of the same plugin. */
export type PluginMemory = Readonly<z.infer<typeof MEMORY>>

/** Of everything but the version. */
export function contentDigest(files: readonly PluginFile[]): string {
  return createHash('sha256')
    .update(JSON.stringify(files.map(({ path, text }) => [path, text])))
    .digest('hex')
}

/** Empty before the first plugin. Refuses with `store-failed` when the file is damaged or cannot be read. */
export function readMemory(dataDir: string): PluginMemory {
  const path = pathOf(dataDir)
  const text = readIfThere(path)
  if (text === undefined) return {}
  const parsed = MEMORY.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new BridgeError('store-failed', `${path} is damaged: it should tell the version and digest of each plugin.`, {
    remedy:
      'Bring it back from a copy, or remove it: the next version is then made from the clock, which is newer than what was made before.',
  })
}

/** Adds to what is remembered, or replaces. The folder is made when it is not there. */
export function remember(dataDir: string, memory: PluginMemory, name: string, version: string, digest: string): void {
  const text = `${JSON.stringify({ ...memory, [name]: { version, digest } }, null, 2)}\n`
  writeWhole(pathOf(dataDir), text, { makesFolder: true })
}

function pathOf(dataDir: string): string {
  return join(dataDir, 'plugin.json')
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new BridgeError('store-failed', `${path} cannot be read (${code}).`, {
      remedy: 'Let the process read and write in DATA_DIR.',
      cause,
    })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not the shape that is asked for either.
    return undefined
  }
}
