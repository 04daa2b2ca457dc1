// The functions that ask what a text holds.
import { flatten, textOf, type Value } from '../values.ts'
import { BOOLEAN, define, type Parameter } from './define.ts'
import { isLike, LONGEST_PATTERN } from './pattern.ts'

const text: Parameter = { name: 'text', takes: 'text' }

const several = (name: string): Parameter => ({ name, takes: 'texts', isRepeated: true })

export const MATCH_FUNCTIONS = [
  define({
    name: 'starts',
    parameters: [text, several('beginnings')],
    doc: 'Whether the text begins with any of the others; a blank text does not.',
    example: 'starts("##ada", "##", "~~") → true',
    gives: BOOLEAN,
    run: (args) => holdsAny(args, (whole, beginning) => whole.startsWith(beginning)),
  }),
  define({
    name: 'ends',
    parameters: [text, several('endings')],
    doc: 'Whether the text ends with any of the others; a blank text does not.',
    example: 'ends("ada.li@example.org", "@example.org") → true',
    gives: BOOLEAN,
    run: (args) => holdsAny(args, (whole, ending) => whole.endsWith(ending)),
  }),
  define({
    name: 'contains',
    parameters: [text, several('parts')],
    doc: 'Whether any of the others stands somewhere in the text; a blank text holds none.',
    example: 'contains("Summer School", "Summer") → true',
    gives: BOOLEAN,
    run: (args) => holdsAny(args, (whole, part) => whole.includes(part)),
  }),
  define({
    name: 'like',
    parameters: [text, several('patterns')],
    doc: 'Whether the whole text fits any of the patterns: `*` is any run of characters, `?` one character, `#` one digit; `starts`, `ends` and `contains` take these characters as they are.',
    example: 'like("S1007", "S####") → true',
    gives: BOOLEAN,
    refuse: (literals) => {
      const index = literals.findIndex((one, at) => at > 0 && typeof one === 'string' && one.length > LONGEST_PATTERN)
      if (index < 0) return undefined
      return { index, message: `\`like\` takes patterns of ${LONGEST_PATTERN} characters at most.` }
    },
    run: (args) => holdsAny(args, isLike),
  }),
]

/** Whether the first text stands in this relation to any of the others, or of the members of lists among them. */
function holdsAny(args: readonly Value[], holds: (whole: string, other: string) => boolean): boolean {
  const whole = textOf(args[0])
  if (whole === undefined) return false
  for (let i = 1; i < args.length; i++) {
    const other = args[i]
    if (typeof other === 'string') {
      if (other !== '' && holds(whole, other)) return true
    } else {
      for (const member of flatten([other])) {
        const one = textOf(member)
        if (one !== undefined && holds(whole, one)) return true
      }
    }
  }
  return false
}
