// The mapping read from the disk: the default files, and the layers that a command or the setting MAPPING names.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadMapping } from '../load-mapping.ts'
import { findLayers, type Layers, NO_LAYERS, type Unreadable } from '../mapping/files/layers.ts'
import type { MappingFile } from '../mapping/files/load.ts'
import type { Mapping } from '../mapping/run/compile.ts'

const MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url))

/** The default mapping's files, with paths as a person would write them from the project's folder. */
export function readMappingFiles(): MappingFile[] {
  return readdirSync(MAPPINGS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !name.startsWith('districts'))
    .sort()
    .map((name) => ({ path: join('mappings', name), text: readFileSync(join(MAPPINGS, name), 'utf8') }))
}

/** The layer at a path and those that it extends; without a path, none. */
export function readLayers(path: string | undefined): Layers {
  return path === undefined ? NO_LAYERS : findLayers(path, readText)
}

/** The default mapping with the layer at this path over it. Refuses with `mapping-invalid` and every diagnostic. */
export function readProfileMapping(layer: string | undefined): Mapping {
  return loadMapping(readMappingFiles(), readLayers(layer))
}

/** Undefined for what is not there, and for a folder. */
function readText(path: string): string | undefined | Unreadable {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
    if (code === undefined) throw error
    return { why: code }
  }
}
