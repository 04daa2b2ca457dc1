// Joins the mapping with the OneRoster model: checked, compiled, or refused with every diagnostic.
import { BridgeError } from './errors.ts'
import { type CheckedMapping, checkMapping } from './mapping/check.ts'
import { compileMapping, type Mapping } from './mapping/compile.ts'
import { formatDiagnostic } from './mapping/diagnostic.ts'
import type { MappingFile } from './mapping/load.ts'
import { TARGET_MODEL } from './oneroster/target-model.ts'

/** Checks the files against OneRoster's fields, types and vocabularies. */
export function checkFiles(files: readonly MappingFile[]) {
  return checkMapping(files, TARGET_MODEL)
}

/** The compiled mapping. Refuses with `mapping-invalid` and the diagnostics as text. */
export function loadMapping(files: readonly MappingFile[]): Mapping {
  return compileMapping(requireChecked(files))
}

function requireChecked(files: readonly MappingFile[]): CheckedMapping {
  const { mapping, diagnostics } = checkFiles(files)
  if (mapping !== undefined) return mapping
  const texts = new Map(files.map(({ path, text }) => [path, text]))
  const lines = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, texts.get(diagnostic.file)))
  throw new BridgeError(
    'mapping-invalid',
    `The mapping has ${diagnostics.length === 1 ? '1 mistake' : `${diagnostics.length} mistakes`}:\n${lines.join('\n')}`,
    {
      remedy: 'Mend them; `npm run bridge -- mapping check` shows them again.',
    },
  )
}
