// The layers that a command or the setting MAPPING names, read from the disk.
import { readFileSync } from 'node:fs'
import { findLayers, type Layers, NO_LAYERS } from '../mapping/layers.ts'

/** The layer at a path and those that it extends; without a path, none. */
export function readLayers(path: string | undefined): Layers {
  return path === undefined || path === '' ? NO_LAYERS : findLayers(path, readText)
}

/** Undefined for what is not there, and for a folder. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
    throw error
  }
}
