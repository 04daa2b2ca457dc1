// The layers of a profile's mapping: the texts that it was given, and over them its settings.
import type { Diagnostic } from '../mapping/diagnostic.ts'
import { formatDiagnostic } from '../mapping/diagnostic.ts'
import { findLayers, type Layers, NO_LAYERS } from '../mapping/files/layers.ts'
import type { MappingFile } from '../mapping/files/load.ts'

/** How diagnostics call the layer that is made of `settings`; no layer of a person may be called like that. */
export const SETTINGS_LAYER = '<settings of the profile>'

/** The values over the rest of the mapping, one to a line. JSON is YAML. */
export function withSettings(found: Layers, settings: Readonly<Record<string, unknown>>): Layers {
  const names = Object.keys(settings)
  if (names.length === 0) return found
  const lines = names.map((name) => `  ${JSON.stringify(name)}: ${JSON.stringify(settings[name])}`)
  const layer = { path: SETTINGS_LAYER, text: `extends: default\nsettings:\n${lines.join('\n')}\n` }
  return { ...found, layers: [...found.layers, layer] }
}

/**
 * The layers with these texts, the lowest first. Each but the lowest extends the one below it by its path, and the lowest
 * `default`; `unused` are those that the highest does not lead to.
 */
export function layersOf(files: readonly MappingFile[]): {
  readonly found: Layers
  readonly unused: readonly string[]
} {
  const top = files.at(-1)
  if (top === undefined) return { found: NO_LAYERS, unused: [] }
  const texts = new Map(files.map(({ path, text }) => [path, text]))
  const found = findLayers(top.path, (path) => texts.get(path))
  const used = new Set(found.layers.map(({ path }) => path))
  const unused = found.diagnostics.length > 0 ? [] : files.map(({ path }) => path).filter((path) => !used.has(path))
  return { found, unused }
}

/** As a person reads it who wrote the body: what is wrong with a setting has no use for its line. */
export function mappingFault(diagnostic: Diagnostic, files: readonly MappingFile[]): string {
  if (diagnostic.file === SETTINGS_LAYER) return `settings: ${diagnostic.message}`
  const text = files.find(({ path }) => path === diagnostic.file)?.text
  return `mapping: ${formatDiagnostic(diagnostic, text)}`
}
