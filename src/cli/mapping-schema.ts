// `bridge mapping schema`: prints the JSON Schema that editors check mapping files with.
import { mappingSchema } from '../mapping/editor/json-schema.ts'
import { settingDocs } from '../mapping/editor/setting-docs.ts'
import { readMappingFiles } from '../node/mapping-files.ts'
import { TARGET_MODEL } from '../oneroster/target-model.ts'
import type { Command } from './command.ts'
import { print, say } from './output.ts'
import { writeWhole } from './write-whole.ts'

const USAGE = `bridge mapping schema [--out FILE]

  --out FILE  where to write it; without it, it is printed

Mapping files name it in their first line, for editors with the YAML language server:
# yaml-language-server: $schema=path/to/mapping.schema.json`

export const mappingSchemaCommand: Command = {
  name: 'mapping schema',
  summary: 'Prints the JSON Schema of mapping files, for editors.',
  usage: USAGE,
  options: { out: 'value' },
  positionals: 0,
  async run({ values: { out } }) {
    if (out === '') {
      say(`--out is empty. Name a file, or leave it out.\n\n${USAGE}`)
      return 2
    }
    const text = JSON.stringify(mappingSchema(TARGET_MODEL, settingDocs(readMappingFiles())), null, 1)
    if (out === undefined) print(text)
    else writeWhole(out, `${text}\n`)
    return 0
  },
}
