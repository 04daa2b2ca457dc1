// The table of docs/powerschool.md: each column that the plugin may ask for, and what is made of it.
import type { AskedColumn } from './plugin-request.ts'

const HEAD = ['Column', 'What is made of it', 'Asked for', 'Read in']
/** What a part of a rule does with a column where it fills no field. */
const PARTS: Readonly<Record<string, string>> = {
  with: 'looked up for',
  where: 'chooses rows of',
  order: 'chooses rows of',
  one_per: 'chooses rows of',
}
const CHANGED = 'tells which rows changed'
const NO_USE = 'joins, narrows or orders rows'

/** A line for each column, without the lines of the mapping, which move too often. */
export function columnsMarkdown(columns: readonly AskedColumn[]): string {
  const byName = Map.groupBy(columns, ({ table, column }) => `${table}.${column}`)
  const rows = [...byName].map(([name, places]) => [code(name), madeOf(places), askedWhen(places), readIn(places)])
  return [HEAD, HEAD.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** `` `users.student` givenName, email; chooses rows of `orgs.school` `` */
function madeOf(places: readonly AskedColumn[]): string {
  const uses = [...new Set(places.flatMap(({ uses }) => uses))].sort()
  const ofRules = uses.filter((use) => !/^(?:sources|settings)\./.test(use)).map(readUse)
  const fields = ofRules.filter(({ part }) => PARTS[part] === undefined)
  const made = [...Map.groupBy(fields, ({ rule }) => rule)].map(
    ([rule, all]) => `${code(rule)} ${all.map(({ part }) => part).join(', ')}`,
  )
  const parts = Map.groupBy(ofRules, ({ part }) => PARTS[part])
  const helps = [...parts].flatMap(([does, all]) =>
    does === undefined ? [] : [`${does} ${[...new Set(all.map(({ rule }) => code(rule)))].join(', ')}`],
  )
  const changed = uses.some((use) => /^sources\.\w+\.changed$/.test(use)) ? [CHANGED] : []
  return [...made, ...helps, ...changed].join('; ') || NO_USE
}

/** `users.student` and `with`, or the field with all its parts. */
function readUse(use: string) {
  const [collection = '', name = '', part = '', ...more] = use.split('.')
  return { rule: `${collection}.${name}`, part: PARTS[part] === undefined ? [part, ...more].join('.') : part }
}

function askedWhen(places: readonly AskedColumn[]): string {
  if (places.some(({ when }) => when === undefined)) return 'always'
  return [...new Set(places.flatMap(({ when }) => when ?? []))].map(code).join(', ')
}

function readIn(places: readonly AskedColumn[]): string {
  return [...new Set(places.map(({ place }) => code(place.file)))].join(', ')
}

function code(text: string): string {
  return `\`${text}\``
}
