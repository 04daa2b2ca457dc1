// What no part of a body may be, whatever it is for: asked before anything looks into it.
import { isObject } from './body-merge.ts'

const DEEPEST = 32

/** As sentences; none when the body can be read. */
export function unreadable(body: unknown): string[] {
  if (isDeeper(body, DEEPEST)) return [`The body is nested more than ${DEEPEST} levels deep. No key takes that much.`]
  // Nothing that reads objects would see it.
  return hasPrototype(body) ? ['`__proto__` is no key here, nor anywhere in the body. Leave it out.'] : []
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}

function hasPrototype(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasPrototype)
  return isObject(value) && (Object.hasOwn(value, '__proto__') || Object.values(value).some(hasPrototype))
}
