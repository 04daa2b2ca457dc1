// The mappings of the objects in an isolate: what checks and compiles them is loaded when one of them needs it.
import type { MappingShelf } from '../profiles/mapping-shelf.ts'
import type { Mappings } from '../profiles/ports.ts'
import { mappingDigest } from './mapping-digest.ts'

let shelf: MappingShelf | undefined

/** Nothing that is waited for is shared by objects: the platform lets none wait for what another has begun. */
export const WORKER_MAPPINGS: Mappings = {
  isAtHand: false,
  digest: mappingDigest,
  async open() {
    const [{ createMappingShelf }, { MAPPING_FILES }] = await Promise.all([
      import('../profiles/mapping-shelf.ts'),
      import('./mapping-files.ts'),
    ])
    shelf ??= createMappingShelf(MAPPING_FILES)
    return shelf
  },
}
