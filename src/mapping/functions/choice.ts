// The functions that choose between values.
import { isBlank, isList, type Scalar, textOf, type Value } from '../values.ts'
import { cannotCompare } from './comparable.ts'
import { define, type Refusal, TEXT } from './define.ts'
import { describeType, memberType, type StaticType, unifyTypes } from './static-type.ts'

export const CHOICE_FUNCTIONS = [
  define({
    name: 'if',
    parameters: [
      { name: 'condition', takes: 'boolean' },
      { name: 'value', takes: 'anything' },
      { name: 'other', takes: 'anything', isOptional: true },
    ],
    doc: 'The value when the condition is true, else the other; a blank condition is not true.',
    example: 'if(1 > 2, "more", "less") → "less"',
    gives: ([, value, other]) => oneType('if', [value, other], 1),
    run: ([condition, value, other]) => (condition === true ? value : other),
  }),
  define({
    name: 'first',
    parameters: [{ name: 'values', takes: 'anything', isRepeated: true }],
    doc: 'The first value that is not blank; of a list its first member.',
    example: 'first(trim(" "), "Ada") → "Ada"',
    gives: (values) => oneType('first', values.map(memberType), 0),
    run: (values) => firstOf(values),
  }),
  define({
    name: 'unless',
    parameters: [
      { name: 'value', takes: 'anything' },
      { name: 'condition', takes: 'boolean' },
    ],
    doc: 'The value, but blank when the condition is true.',
    example: 'unless("##ada", starts("##ada", "##")) → blank',
    gives: ([value]) => oneType('unless', [value], 0),
    run: ([value, condition]) => (condition === true ? undefined : value),
  }),
  define({
    name: 'switch',
    parameters: [
      { name: 'value', takes: 'anything' },
      { name: 'key', takes: 'anything' },
      { name: 'result', takes: 'anything' },
      { name: 'more', takes: 'anything', isRepeated: true, isOptional: true },
    ],
    signature: 'switch(value, key, result, …, other?)',
    doc: 'The result behind the first key that the value equals, as `=` compares; else what stands last and alone, if anything does.',
    example: 'switch("FE", "FE", "female", "MA", "male", "other") → "female"',
    gives: (args) => switchType(args),
    refuse: (literals) => keyTwice(literals),
    run: (args) => {
      const [value] = args
      for (let i = 1; i + 1 < args.length; i += 2) if (value === args[i] && !isBlank(value)) return args[i + 1]
      return args.length % 2 === 0 ? args[args.length - 1] : undefined
    },
  }),
  define({
    name: 'code',
    parameters: [
      { name: 'table', takes: 'text' },
      { name: 'value', takes: 'scalars', mapsLists: true },
    ],
    doc: 'What a code table makes of the value; its `otherwise` decides about codes that it does not list.',
    example: 'code("grade", 0) → "KG"',
    gives: TEXT,
    refuse: ([table]) =>
      typeof table === 'string' ? undefined : { index: 0, message: '`code` takes the name of a table in quotes.' },
    run: ([table, value], context) => {
      const code = textOf(value)
      return code === undefined || typeof table !== 'string' ? undefined : context.lookupCode(table, code)
    },
  }),
]

function firstOf(values: readonly Value[]): Value {
  for (const value of values) {
    const found = isList(value) ? firstOf(value) : value
    if (!isBlank(found)) return found
  }
  return undefined
}

/** Keys stand at odd places, but a last one at an odd place is the result of all others. */
const isKey = (index: number, count: number) => index % 2 === 1 && index + 1 < count

function switchType(args: readonly StaticType[]): StaticType | Refusal {
  const [value] = args
  for (const [index, key] of args.entries()) {
    const message = value && isKey(index, args.length) ? cannotCompare(value, key, 'switch') : undefined
    if (message !== undefined) return { index, message }
  }
  const results = args.map((type, index) => (index === 0 || isKey(index, args.length) ? undefined : type))
  return oneType('switch', results, 0)
}

function keyTwice(literals: readonly (Scalar | undefined)[]): Refusal | undefined {
  const seen = new Set<Scalar>()
  for (const [index, key] of literals.entries()) {
    if (key === undefined || !isKey(index, literals.length)) continue
    if (seen.has(key))
      return { index, message: `\`switch\` has the key ${JSON.stringify(key)} already; the first one counts.` }
    seen.add(key)
  }
  return undefined
}

/** The type that all have in common; `offset` is the index of the first of them among the arguments. */
function oneType(name: string, types: readonly (StaticType | undefined)[], offset: number): StaticType | Refusal {
  let common: StaticType = { kind: 'blank' }
  for (const [index, type] of types.entries()) {
    if (!type) continue
    const unified = unifyTypes(common, type)
    if (!unified) {
      const message = `\`${name}\` gives one type: this is ${describeType(type)}, what stands before it ${describeType(common)}.`
      return { index: offset + index, message }
    }
    common = unified
  }
  return common
}
