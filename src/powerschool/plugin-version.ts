// The version of the plugin: it rises with the clock, for PowerSchool refuses to replace a plugin by one that is not newer.
import { BridgeError } from '../errors.ts'

export interface KnownPlugin {
  readonly version: string
  /** Whether it is, but for the version, what is to be made now. */
  readonly isSame: boolean
}

export interface ChosenVersion {
  readonly version: string
  readonly isNew: boolean
  /** The newest that was known, if one was. */
  readonly before?: string
}

/** The newest known version if the plugin is still that one; else the next. So no version stands for two contents. */
export function chooseVersion(known: readonly KnownPlugin[], nowMs: number): ChosenVersion {
  const newest = known.toSorted(
    (a, b) => compareVersions(b.version, a.version) || Number(a.isSame) - Number(b.isSame),
  )[0]
  if (newest?.isSame === true) return { version: newest.version, isNew: false, before: newest.version }
  const version = nextVersion(nowMs, newest?.version)
  return { version, isNew: true, ...(newest === undefined ? {} : { before: newest.version }) }
}

/** What PowerSchool takes for a version. */
export function isVersion(text: string): boolean {
  return /^\d+(?:\.\d+)*$/.test(text) && text.length <= 20
}

/**
 * `2026.0517.043210`: the UTC day and the second of it. Every part has its fixed width, so that the versions rise whether
 * their parts are compared as numbers or as text. Where the clock does not go beyond `last`, it is the one after `last`.
 * Refuses with `settings-invalid` when there is none.
 */
export function nextVersion(nowMs: number, last: string | undefined): string {
  const now = new Date(nowMs).toISOString()
  const secondOfDay = Math.floor((nowMs - Date.parse(now.slice(0, 10))) / 1_000)
  const stamp = write([Number(now.slice(0, 4)), Number(now.slice(5, 7) + now.slice(8, 10)), secondOfDay])
  if (last === undefined || compareVersions(stamp, last) > 0) return stamp
  const [year = 0, day = 0, second = 0] = partsOf(last)
  const next = [
    [year, day, second + 1],
    [year, day + 1, 0],
    [year + 1, 0, 0],
  ].find(fits)
  if (next !== undefined) return write(next)
  throw new BridgeError('settings-invalid', `No version of the plugin comes after ${last}.`, {
    remedy: 'Give the plugin another name (PLUGIN_NAME); PowerSchool then lists it beside the old one.',
  })
}

/** Negative, zero or positive, part by part as numbers; a part that is missing is 0, and what is no number counts as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)]
  const at = Array.from({ length: Math.max(left.length, right.length) }, (_, place) => place)
  return at.map((place) => (left[place] ?? 0) - (right[place] ?? 0)).find((difference) => difference !== 0) ?? 0
}

const WIDTHS = [4, 4, 6] as const

function fits(parts: readonly number[]): boolean {
  return parts.every((part, at) => String(part).length <= (WIDTHS[at] ?? 0))
}

function write(parts: readonly number[]): string {
  return parts.map((part, at) => String(part).padStart(WIDTHS[at] ?? 0, '0')).join('.')
}

function partsOf(version: string): readonly number[] {
  return version.split('.').map((part) => Number(/^\d{1,15}/.exec(part)?.[0] ?? 0))
}
