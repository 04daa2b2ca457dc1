// The functions that choose between values.
import { isBlank, isList, textOf, type Value } from '../values.ts'
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
