// The values that formulas work on, and how they are tested, turned into text and compared.

export type Scalar = string | number | boolean

/**
 * Blank is undefined, null (from storage) or empty text. A date is text `YYYY-MM-DD`. An array is always a list. A row or a
 * group is any other object: never pass a row's bare array of cells as a value.
 */
export type Value = Scalar | undefined | null | readonly Value[] | object

/** Whether there is no value: undefined, null or empty text. `is blank` asks `isBlankOrEmpty`. */
export function isBlank(value: Value): value is undefined | null | '' {
  return value === undefined || value === null || value === ''
}

/** The test behind `is blank`: no value, or a list that holds none. */
export function isBlankOrEmpty(value: Value): boolean {
  return isBlank(value) || (isList(value) && value.every(isBlankOrEmpty))
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

/** A number or boolean as text, text as it is; blank for all else. */
export function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined
  return typeof value === 'boolean' ? String(value) : undefined
}

/** A finite number as it is; blank for all else (`number(text)` is the function that reads text). */
export function numberOf(value: Value): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** The members of all values in one list, lists inside lists opened and blanks dropped. */
export function flatten(values: readonly Value[]): Value[] {
  const members: Value[] = []
  for (const value of values) collect(value, members)
  return members
}

function collect(value: Value, members: Value[]): void {
  if (isBlank(value)) return
  if (!isList(value)) members.push(value)
  else for (const member of value) collect(member, members)
}

/**
 * Negative, zero or positive as a is less than, equal to or greater than b; undefined when they cannot be compared: a blank,
 * a list, a row, or two different types. Text goes by code point, false before true.
 */
export function compareValues(a: Value, b: Value): number | undefined {
  if (typeof a === 'string') return typeof b === 'string' && a !== '' && b !== '' ? compareText(a, b) : undefined
  if (typeof a === 'number') return typeof b === 'number' ? a - b : undefined
  if (typeof a === 'boolean') return typeof b === 'boolean' ? Number(a) - Number(b) : undefined
  return undefined
}

/** Whether the value is among the members of a list (or is the one value given instead of a list). */
export function isIn(value: Value, list: Value): boolean {
  if (isBlank(value) || isBlank(list)) return false
  if (!isList(list)) return value === list
  return list.some((member) => (isList(member) ? isIn(value, member) : member === value))
}

/** Orders the keys of rows as SQLite does: numbers before texts. */
export function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return Number(typeof a === 'string') - Number(typeof b === 'string')
}

/** Orders text by code point, as SQLite and JSON clients do; the `<` of JavaScript misplaces characters above U+FFFF. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** Surrogates stand for characters above U+FFFF, so they rank after every other unit. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
