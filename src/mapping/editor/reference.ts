// The reference of the language as Markdown: functions, kinds of maps, codes of mistakes, settings; made from the tables that the checker uses.
import { DIAGNOSTIC_CODES } from '../diagnostic.ts'
import type { MappingFile } from '../files/load.ts'
import { FUNCTION_GROUPS } from '../functions.ts'
import { GRAMMAR, type KindName, kindOf } from '../schema/grammar.ts'
import type { KeyGrammar, Takes } from '../schema/grammar-kind.ts'
import { settingDocs } from './setting-docs.ts'

/** What programs get; `referenceParts` is the same for people. */
export function referenceData(files: readonly MappingFile[]) {
  return {
    functions: FUNCTION_GROUPS.flatMap(({ title, functions }) =>
      functions.map(([name, { signature, doc, example }]) => ({ name, group: title, signature, doc, example })),
    ),
    kinds: kindNames().map((name) => {
      const { what, doc, keys, others } = kindOf(name)
      const described = Object.entries(keys).map(([key, grammar]) => ({ key, ...keyData(grammar) }))
      return { name, what, doc, keys: described, ...(others && { others: keyData(others) }) }
    }),
    codes: Object.entries(DIAGNOSTIC_CODES).map(([code, meaning]) => ({ code, meaning })),
    settings: settingDocs(files).map(({ isApart: _, ...setting }) => setting),
  }
}

const keyData = ({ doc, takes, required }: KeyGrammar) => ({
  takes: takesText(takes),
  required: required === true,
  doc,
})

/** Markdown by the name of the part. `files` are those of the default mapping. */
export function referenceParts(files: readonly MappingFile[]) {
  const { functions, kinds, codes, settings } = referenceData(files)
  const groups = [...new Set(functions.map(({ group }) => group))]
  return {
    functions: groups
      .map((title) =>
        markdownTable(
          [title, 'Gives', 'For example'],
          functions
            .filter(({ group }) => group === title)
            .map(({ signature, doc, example }) => [code(signature), doc, code(example)]),
        ),
      )
      .join('\n\n'),
    keys: kinds
      .map(({ what, doc, keys, others }) => {
        const rows = keys.map(({ key, takes, required, doc: meaning }) => [
          `${code(key)}${required ? ', needed' : ''}`,
          takes,
          meaning,
        ])
        const free = others ? [['any other key', others.takes, others.doc]] : []
        return `**${heading(what)}**: ${doc}\n\n${markdownTable(['Key', 'Takes', 'Meaning'], [...rows, ...free])}`
      })
      .join('\n\n'),
    codes: markdownTable(
      ['Code', 'Meaning'],
      codes.map(({ code: name, meaning }) => [code(name), meaning]),
    ),
    settings: markdownTable(
      ['Setting', 'Value', 'One of', 'Meaning'],
      settings.map(({ name, value, oneOf = [], note, above }) => [
        code(name),
        code(value),
        oneOf.map(code).join(', '),
        meaningOf(above, note),
      ]),
    ),
  }
}

export type ReferencePart = keyof ReturnType<typeof referenceParts>

// The keys of the table are its own.
const kindNames = () => Object.keys(GRAMMAR) as KindName[]

const TITLES: Readonly<Record<ReferencePart, string>> = {
  functions: 'Functions',
  keys: 'Keys',
  codes: 'Codes of mistakes',
  settings: 'Settings of the default mapping',
}

/** All parts, each under its heading. */
export const referenceText = (files: readonly MappingFile[]): string =>
  Object.entries(referenceParts(files))
    .map(([name, text]) => `## ${TITLES[name as ReferencePart]}\n\n${text}`)
    .join('\n\n')

const TAKES: Readonly<Record<Extract<Takes, string>, string>> = {
  word: 'text',
  words: 'text, or a list of them',
  formula: 'a formula',
  formulas: 'a formula, or a list of them',
  value: 'a value',
  switch: 'true or false',
  plain: 'text, a number, true, false, or a list of them',
  data: 'anything',
  columns: 'columns with their types',
  fields: 'values by field',
}

function takesText(takes: Takes): string {
  if (typeof takes === 'string') return TAKES[takes]
  if ('oneOf' in takes) return takes.oneOf.map(code).join(' or ')
  if ('kind' in takes) return kindOf(takes.kind as KindName).what
  if ('pair' in takes) return `a map of one key: ${takesText(takes.pair)}`
  if ('either' in takes) return takes.either.map(takesText).join(', or ')
  if ('listOf' in takes) return `a list, each ${takesText(takes.listOf)}`
  return `a map, each ${takesText(takes.mapOf)}`
}

const heading = (what: string) => what.replace(/^an? /, '').replace(/^./, (letter) => letter.toUpperCase())

/** Lines that are set in are words with what each means. */
const meaningOf = (above: readonly string[], note = '') =>
  [above.map((line) => line.replace(/^ +(\S+) +/, '<br>`$1`: ')).join(' '), note]
    .filter((part) => part !== '')
    .join('<br>')

/** Doubled where the text has such signs itself. */
const code = (text: string) => (text === '' ? '' : text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``)

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}
