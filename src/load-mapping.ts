// Joins the mapping with the OneRoster model: checked, compiled, or refused with every diagnostic.
import { BridgeError } from './errors.ts'
import { type CheckedMapping, checkMapping } from './mapping/check/check.ts'
import { type Diagnostic, formatDiagnostic } from './mapping/diagnostic.ts'
import { type Layers, NO_LAYERS } from './mapping/files/layers.ts'
import type { MappingFile } from './mapping/files/load.ts'
import { compileMapping, type Mapping } from './mapping/run/compile.ts'
import { type ExampleResult, runExamples } from './mapping/run/examples.ts'
import { TARGET_MODEL } from './oneroster/target-model.ts'

interface CheckedFiles {
  /** Absent when there is any diagnostic. */
  readonly mapping?: CheckedMapping
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Checks the files, and the layers over them, against OneRoster's fields, types and vocabularies. Without `examples` theirs are
 * not looked at.
 */
export function checkFiles(
  files: readonly MappingFile[],
  { layers, diagnostics }: Layers = NO_LAYERS,
  options: { readonly examples?: boolean; readonly isWhole?: boolean } = {},
): CheckedFiles {
  return diagnostics.length > 0 ? { diagnostics } : checkMapping(files, TARGET_MODEL, layers, options)
}

export interface TestedFiles {
  readonly examples: readonly ExampleResult[]
  /** What keeps the examples from being run. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Runs the examples of the files and of every layer. Examples belong to the layer that wrote them, and are run against it and
 * what is below it: a layer that changes a field does not have to rewrite them.
 */
export function testFiles(files: readonly MappingFile[], found: Layers = NO_LAYERS): TestedFiles {
  const examples: ExampleResult[] = []
  for (let height = 0; height <= found.layers.length; height++) {
    const layers = found.layers.slice(0, height)
    const { mapping, diagnostics } = checkFiles(
      files,
      { ...found, layers },
      { isWhole: height === found.layers.length },
    )
    if (mapping === undefined) return { examples: [], diagnostics }
    examples.push(...runExamples(mapping))
  }
  return { examples, diagnostics: [] }
}

/** The compiled mapping; its examples are not looked at. Refuses with `mapping-invalid` and the diagnostics as text. */
export function loadMapping(files: readonly MappingFile[], layers: Layers = NO_LAYERS): Mapping {
  return compileMapping(requireChecked(files, layers))
}

function requireChecked(files: readonly MappingFile[], found: Layers): CheckedMapping {
  const { mapping, diagnostics } = checkFiles(files, found, { examples: false })
  if (mapping !== undefined) return mapping
  const texts = new Map([...files, ...found.layers].map(({ path, text }) => [path, text]))
  const lines = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, texts.get(diagnostic.file)))
  throw new BridgeError(
    'mapping-invalid',
    `The mapping has ${diagnostics.length === 1 ? '1 mistake' : `${diagnostics.length} mistakes`}:\n${lines.join('\n')}`,
    {
      remedy: 'Mend them; `npm run bridge -- mapping check` shows them again.',
    },
  )
}
