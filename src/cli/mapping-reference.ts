// `bridge mapping reference`: prints the reference of the mapping language, or keeps it up to date in a document.
import { readFileSync } from 'node:fs'
import { BridgeError } from '../errors.ts'
import { referenceData, referenceParts, referenceText } from '../mapping/editor/reference.ts'
import { renewParts } from '../mapping/editor/reference-marks.ts'
import { readMappingFiles } from '../node/mapping-files.ts'
import type { Command } from './command.ts'
import { print, printJson, say } from './output.ts'
import { writeWhole } from './write-whole.ts'

const USAGE = `bridge mapping reference [--json]
bridge mapping reference --into FILE

  --into FILE  writes each part between its marks in a Markdown file, <!-- generated: functions --> and <!-- end -->;
               the parts are functions, keys, codes and settings`

export const mappingReferenceCommand: Command = {
  name: 'mapping reference',
  summary: 'Prints functions, keys, codes of mistakes and settings of the mapping language, as Markdown.',
  usage: USAGE,
  options: { into: 'value' },
  positionals: 0,
  async run({ values: { into }, isJson }) {
    if (into === '' || (into !== undefined && isJson)) {
      say(`${into === '' ? '--into is empty. Name a file' : '--into writes Markdown: leave --json out'}.\n\n${USAGE}`)
      return 2
    }
    const files = readMappingFiles()
    if (into !== undefined) return writeInto(into)
    if (isJson) printJson(referenceData(files))
    else print(referenceText(files))
    return 0
  },
}

function writeInto(path: string): number {
  const before = readDocument(path)
  const parts = referenceParts(readMappingFiles())
  const { text, unknown, open } = renewParts(before, parts)
  const faults = [
    ...unknown.map((name) => `there is no part \`${name}\`, but ${Object.keys(parts).join(', ')}.`),
    ...open.map((name) => `no \`<!-- end -->\` follows \`<!-- generated: ${name} -->\`.`),
  ]
  for (const fault of faults) say(`${path}: ${fault}`)
  if (faults.length > 0) return 1
  if (text !== before) writeWhole(path, text)
  print(text === before ? `${path} is up to date.` : `${path} is written.`)
  return 0
}

function readDocument(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const remedy = 'Name a Markdown file that is there, with the marks in it.'
    throw new BridgeError('settings-invalid', `${path} cannot be read (${code}).`, { remedy, cause })
  }
}
