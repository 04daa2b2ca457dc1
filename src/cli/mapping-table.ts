// `bridge mapping table`: the sheet that a district signs off.
import { mappingSheet } from '../mapping/explain/sheet.ts'
import { sheetCsv, sheetMarkdown } from '../mapping/explain/sheet-text.ts'
import type { Command } from './command.ts'
import { printJson, say } from './output.ts'
import { filesAlone, OWN_USAGE, ownMapping } from './own-mapping.ts'
import { PROFILE_OPTION } from './profile.ts'
import { writeWhole } from './write-whole.ts'

const USAGE = `bridge mapping table [--profile ID] [--mapping FILE] [--format markdown|csv] [--out FILE] [--json]

${OWN_USAGE}
  --format         markdown (the default) or csv, for a spreadsheet
  --out FILE       writes the sheet to a file and not to standard output
  --json           prints the sheet as data

One row for each target field of each rule: what it is, the columns that it reads by the bridge's names and by PowerSchool's,
its formula, the file and line where that stands, and what a layer has replaced or taken away; then the settings and the code
tables. Settings have the values of the mapping files. FILE ends in .md or .markdown, .csv or (with --json) .json.`

const FORMATS = { markdown: sheetMarkdown, csv: sheetCsv } as const

export const mappingTableCommand: Command = {
  name: 'mapping table',
  summary: 'Prints the mapping as a sheet to sign off: each field, what it reads, its formula, its file and line.',
  usage: USAGE,
  options: { ...PROFILE_OPTION, mapping: 'value', format: 'value', out: 'value' },
  positionals: 0,
  async run(input) {
    const { values, isJson } = input
    const { mapping: layer, format = 'markdown', out } = values
    const wrong =
      emptyOption({ mapping: layer, out }) ??
      (format !== 'markdown' && format !== 'csv' ? `--format is markdown or csv, not "${format}".` : undefined) ??
      wrongEnding(out, isJson ? 'json' : format)
    if (wrong !== undefined || (format !== 'markdown' && format !== 'csv')) {
      say(`${wrong}\n\n${USAGE}`)
      return 2
    }
    const { checked } = (values.profile === undefined ? filesAlone(layer) : ownMapping(input)).load()
    const sheet = mappingSheet(checked)
    if (isJson && out === undefined) printJson(sheet)
    else if (out === undefined) process.stdout.write(FORMATS[format](sheet))
    else {
      writeWhole(out, isJson ? `${JSON.stringify(sheet, null, 2)}\n` : FORMATS[format](sheet))
      say(`${sheet.rows.length} rows written to ${out}.`)
    }
    return 0
  },
}

const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  markdown: ['md', 'markdown'],
  csv: ['csv'],
  json: ['json'],
}

/** A file that says it is a spreadsheet and holds Markdown opens in nothing. */
function wrongEnding(out: string | undefined, format: string): string | undefined {
  const ending = /\.([^./\\]+)$/.exec(out ?? '')?.[1]?.toLowerCase()
  if (ending === undefined || ENDINGS[format]?.includes(ending)) return undefined
  const other = Object.keys(ENDINGS).find((name) => ENDINGS[name]?.includes(ending))
  const option = other === 'json' ? '--json' : `--format ${other}`
  const way =
    other === undefined ? 'Spreadsheets open .csv: write `--format csv --out FILE.csv`.' : `Write \`${option}\`.`
  return `${out} does not end as ${format} does (.${ENDINGS[format]?.join(', .')}). ${way}`
}

/** An empty option would be taken for one that was not given. */
export function emptyOption(values: Readonly<Record<string, string | undefined>>): string | undefined {
  const name = Object.keys(values).find((key) => values[key] === '')
  return name === undefined ? undefined : `--${name} is empty. Name a file, or leave it out.`
}
