// Changes a text at random, as authors, editors and bad luck do.

/** A whole number from 0 to below `below`, the same for the same seed. */
export type Random = (below: number) => number

/** mulberry32 */
export function randomNumbers(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const one = <T>(items: readonly T[], random: Random): T => {
  const item = items[random(items.length)]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}

/** Pieces of the language, of YAML, of SQL, of other languages, and what is nowhere a name. */
const TOKENS = (
  '= =inherited inherited null true false ~ "" \'\' "null" [] {} [ ] { } ( ) , : - -- --- ... | > >- |2 # & * ! ? % @ ` & ' +
  '=first(inherited, 1) =[inherited] =not =is =blank is not blank and or in <= >= != == && || + / . .. 0 01 -1 1.5 1e9 0x1F .inf .nan ' +
  '9007199254740993 2026-02-30 2026-01-02 ref: refs: inverse: each: as: value: choose: when: then: else: in: all: key: match: where: ' +
  'order: take: missing: from: id: with: fields: metadata: enabled: examples: it: row: given: gives: one_per: extends: settings: ' +
  'sources: tables: entities: rest: get: q: expand: extend: rows: powerquery: core: sql: args: columns: within: changed: ' +
  'orgs.school users.student orgs.school.id students schools settings.domain settings.start_year school_id name.first races.code it rows ' +
  'text integer number boolean date lower( join( code("role", if( first( count( today() date( split( round( periods( email( ' +
  'select from where order by left join on :start_year s.dcid to_char( (+) distinct union exists case when end ' +
  '__proto__ constructor toString hasOwnProperty \u00a0 \u2028 \ufeff é 😀 “x” \ud800 \u0000 \t \r \r\n <<: *a &a !!str !x ?'
).split(/ +/)

const WORD = /[\p{L}\p{N}_.]+/gu

type Mutation = (text: string, random: Random) => string

const LINE_MUTATIONS: readonly ((lines: string[], at: number, random: Random) => void)[] = [
  (lines, at) => lines.splice(at, 1),
  (lines, at, random) => lines.splice(random(lines.length), 0, lines[at] ?? ''),
  (lines, at, random) => {
    const other = random(lines.length)
    const line = lines[at] ?? ''
    lines[at] = lines[other] ?? ''
    lines[other] = line
  },
  (lines, at, random) => {
    lines[at] = ' '.repeat(random(12)) + (lines[at] ?? '').trimStart()
  },
  (lines, at, random) => {
    const by = 1 + random(4)
    for (let i = at; i < Math.min(lines.length, at + 1 + random(6)); i++) lines[i] = ' '.repeat(by) + (lines[i] ?? '')
  },
  (lines, at, random) => {
    const to = Math.min(lines.length, at + 1 + random(6))
    for (let i = at; i < to; i++) lines[i] = (lines[i] ?? '').replace(/^ {1,2}/, '')
  },
  (lines, at) => {
    lines[at] = `${lines[at] ?? ''} #`
  },
  (lines, at, random) => {
    lines[at] = (lines[at] ?? '').replace(/: .*$/, () => `: ${one(TOKENS, random)}`)
  },
]

const MUTATIONS: readonly Mutation[] = [
  // A token of the language goes in, over nothing or over a few characters.
  (text, random) => {
    const at = random(text.length + 1)
    return text.slice(0, at) + one(TOKENS, random) + text.slice(at + random(4) * random(4))
  },
  // A word becomes another one of the text, or a token.
  (text, random) => {
    const words = [...text.matchAll(WORD)]
    if (words.length === 0) return text
    const word = one(words, random)
    const other = random(3) === 0 ? one(TOKENS, random) : one(words, random)[0]
    return text.slice(0, word.index) + other + text.slice(word.index + word[0].length)
  },
  (text, random) => {
    const lines = text.split('\n')
    one(LINE_MUTATIONS, random)(lines, random(lines.length), random)
    return lines.join('\n')
  },
  // A part goes, or comes twice, or elsewhere.
  (text, random) => {
    const from = random(text.length + 1)
    const to = from + random(40)
    const part = text.slice(from, to)
    const rest = text.slice(0, from) + text.slice(to)
    const at = random(3) === 0 ? -1 : random(rest.length + 1)
    return at < 0 ? rest : rest.slice(0, at) + part.repeat(1 + random(2)) + rest.slice(at)
  },
  // One character becomes another, any at all.
  (text, random) => {
    const at = random(text.length + 1)
    return text.slice(0, at) + String.fromCharCode(random(random(2) === 0 ? 128 : 65_536)) + text.slice(at + 1)
  },
]

/** Deep, wide, long: rare, because each takes its time. */
const EXTREMES: readonly Mutation[] = ['[', '{a: ', '- ', '(', 'not ', '"', 'a.', '=', '\\', '- - ', '? ', '! '].map(
  (piece) => (text, random) => {
    const at = random(text.length + 1)
    return text.slice(0, at) + piece.repeat(1 + random(random(10) === 0 ? 3000 : 60)) + text.slice(at)
  },
)

/** The text after one to five changes. */
export function mutate(text: string, random: Random): string {
  let mutant = text
  for (let changes = 1 + random(random(3) === 0 ? 5 : 2); changes > 0; changes--) {
    const isExtreme = random(100) === 0
    mutant = one(isExtreme ? EXTREMES : MUTATIONS, random)(mutant, random)
  }
  return mutant
}
