// The functions on lists.
import { compareValues, flatten, isBlank, isList, textOf, type Value } from '../values.ts'
import { BOOLEAN, define, INTEGER, listOf, type Refusal } from './define.ts'
import { describeType, memberType, type StaticType, unifyTypes } from './static-type.ts'

export const LIST_FUNCTIONS = [
  define({
    name: 'count',
    parameters: [{ name: 'values', takes: 'anything', isRepeated: true }],
    doc: 'How many values there are, the members of lists counted and blanks not.',
    example: 'count([1, 2, 2]) → 3',
    gives: INTEGER,
    run: (values) => countOf(values),
  }),
  define({
    name: 'distinct',
    parameters: [{ name: 'values', takes: 'scalars', isRepeated: true }],
    doc: 'The list of the values, each once, in the order of their first occurrence.',
    example: 'distinct([2, 1, 2]) → [2, 1]',
    gives: (values) => listType('distinct', values),
    run: (values) => {
      const members = flatten(values)
      return members.length < 2 ? listOf(members) : Array.from(new Set(members))
    },
  }),
  define({
    name: 'has',
    parameters: [
      { name: 'list', takes: 'texts' },
      { name: 'text', takes: 'text' },
    ],
    doc: 'Whether the text is in the list; capital and small letters are the same.',
    example: 'has(["White", "Asian"], "asian") → true',
    gives: BOOLEAN,
    run: ([list, text]) => {
      const wanted = textOf(text)?.toLowerCase()
      return wanted !== undefined && holds(list, wanted)
    },
  }),
  define({
    name: 'sort',
    parameters: [{ name: 'values', takes: 'scalars', isRepeated: true }],
    doc: 'The list of the values in ascending order: numbers by size, texts by code point.',
    example: 'sort([10, 9, 11]) → [9, 10, 11]',
    gives: (values) => listType('sort', values),
    run: (values) => {
      const members = flatten(values)
      return members.length < 2 ? listOf(members) : members.sort(ascending)
    },
  }),
  define({
    name: 'item',
    parameters: [
      { name: 'list', takes: 'anything' },
      { name: 'place', takes: 'integer' },
    ],
    doc: 'The member at a place of the list, blanks not counted: 1 is the first, -1 the last; blank when the list is shorter.',
    example: 'item(["a", "b", "c"], 2) → "b"',
    gives: ([list]) => (list ? memberType(list) : { kind: 'blank' }),
    refuse: ([, place]) =>
      place === 0
        ? { index: 1, message: '`item` counts from 1, and from -1 backwards; there is no place 0.' }
        : undefined,
    run: ([list, place]) => {
      if (typeof place !== 'number' || !Number.isInteger(place) || place === 0) return undefined
      return flatten([list]).at(place > 0 ? place - 1 : place)
    },
  }),
]

function countOf(values: readonly Value[]): number {
  let count = 0
  for (const value of values) {
    if (isList(value)) count += countOf(value)
    else if (!isBlank(value)) count++
  }
  return count
}

function holds(list: Value, wanted: string): boolean {
  if (isList(list)) return list.some((member) => holds(member, wanted))
  return textOf(list)?.toLowerCase() === wanted
}

const ORDER_OF_TYPES = ['number', 'string', 'boolean', 'object']

function ascending(a: Value, b: Value): number {
  return compareValues(a, b) ?? ORDER_OF_TYPES.indexOf(typeof a) - ORDER_OF_TYPES.indexOf(typeof b)
}

function listType(name: string, values: readonly StaticType[]): StaticType | Refusal {
  let of: StaticType = { kind: 'blank' }
  for (const [index, value] of values.entries()) {
    const unified = unifyTypes(of, memberType(value))
    if (!unified) {
      const message = `\`${name}\` takes values of one type: this is ${describeType(value)}, what stands before it ${describeType(of)}.`
      return { index, message }
    }
    of = unified
  }
  return { kind: 'list', of }
}
