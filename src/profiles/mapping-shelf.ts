// Mappings by their layers, each checked and compiled once: most profiles of a process have the same one.

import { checkFiles, loadMapping } from '../load-mapping.ts'
import type { Diagnostic } from '../mapping/diagnostic.ts'
import type { Layers } from '../mapping/files/layers.ts'
import type { MappingFile } from '../mapping/files/load.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import { createRecent } from '../recent.ts'

export interface MappingShelf {
  /** The mapping. Refuses with `mapping-invalid` and every diagnostic as text. */
  load(layers: Layers): Mapping
  /** What is wrong with these layers; nothing when `load` would give a mapping. */
  check(layers: Layers): readonly Diagnostic[]
}

/** Compiled ones take some megabytes each. */
const KEPT = 20

/** `files` are the default mapping's. */
export function createMappingShelf(files: readonly MappingFile[]): MappingShelf {
  const shelf = createRecent<Mapping>({ max: KEPT })
  return {
    load(layers) {
      const name = JSON.stringify(layers.layers)
      const found = layers.diagnostics.length === 0 ? shelf.get(name) : undefined
      if (found !== undefined) return found
      const mapping = loadMapping(files, layers)
      shelf.set(name, mapping)
      return mapping
    },
    check: (layers) => checkFiles(files, layers, { examples: false }).diagnostics,
  }
}
