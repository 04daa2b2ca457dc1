// The mapping files as workerd has them, which reads no disk: bundled.
import { loadMapping } from '../../src/load-mapping.ts'
import { findLayers, type Layers, NO_LAYERS } from '../../src/mapping/files/layers.ts'
import type { MappingFile } from '../../src/mapping/files/load.ts'
import type { Mapping } from '../../src/mapping/run/compile.ts'

const FOLDER = '../../'
const TEXTS: Readonly<Record<string, string>> = import.meta.glob('../../mappings/**/*.yaml', {
  query: '?raw',
  import: 'default',
  eager: true,
})
const BUNDLED: readonly MappingFile[] = Object.entries(TEXTS).map(([path, text]) => ({
  path: path.slice(FOLDER.length),
  text,
}))

/** As src/worker/mapping-files.ts gives them, which takes another bundler. */
export const MAPPING_FILES: readonly MappingFile[] = BUNDLED.filter(
  ({ path }) => !path.startsWith('mappings/districts'),
).sort((one, other) => (one.path < other.path ? -1 : 1))

export function readMappingFiles(): MappingFile[] {
  return [...MAPPING_FILES]
}

export function readLayers(path: string | undefined): Layers {
  return path === undefined
    ? NO_LAYERS
    : findLayers(path, (wanted) => BUNDLED.find((file) => file.path === wanted)?.text)
}

export function readProfileMapping(layer: string | undefined): Mapping {
  return loadMapping(readMappingFiles(), readLayers(layer))
}
