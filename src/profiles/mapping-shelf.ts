// Mappings by their layers, each checked and compiled once: most profiles of a process have the same one.

import { checkFiles, loadMapping } from '../load-mapping.ts'
import type { Diagnostic } from '../mapping/diagnostic.ts'
import type { Layers } from '../mapping/files/layers.ts'
import type { MappingFile } from '../mapping/files/load.ts'
import { type Mapping, withIdPrefix } from '../mapping/run/compile.ts'
import { createRecent } from '../recent.ts'
import { textDigest } from './mapping-name.ts'
import type { Mappings } from './ports.ts'

export interface MappingShelf extends Mappings {
  /** The mapping, whose ids begin with the prefix. Refuses with `mapping-invalid` and every diagnostic as text. */
  load(layers: Layers, idPrefix?: string): Mapping
  /** What is wrong with these layers; nothing when `load` would give a mapping. */
  check(layers: Layers): readonly Diagnostic[]
}

/** Compiled ones take some megabytes each. */
const KEPT = 20

/** `files` are the default mapping's. */
export function createMappingShelf(files: readonly MappingFile[]): MappingShelf {
  const compiled = createRecent<Mapping>({ max: KEPT })
  const shelf: MappingShelf = {
    isAtHand: true,
    digest: () => textDigest(JSON.stringify(files)),
    open: async () => shelf,
    load(layers, idPrefix = '') {
      const name = JSON.stringify([idPrefix, layers.layers])
      const found = layers.diagnostics.length === 0 ? compiled.get(name) : undefined
      if (found !== undefined) return found
      const mapping = idPrefix === '' ? loadMapping(files, layers) : withIdPrefix(shelf.load(layers), idPrefix)
      compiled.set(name, mapping)
      return mapping
    },
    check: (layers) => checkFiles(files, layers, { examples: false }).diagnostics,
  }
  return shelf
}
