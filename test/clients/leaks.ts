// What an answer must never show: our insides, and whatever only records hold that its reader may not see.
import { ADMIN_TOKEN } from '../support/known.ts'
import type { Entity } from './read.ts'
import type { SdsData } from './sds.ts'
import { SDS_RESOURCES } from './sds-contract.ts'

export interface Watch {
  /** The ids, names, addresses and numbers that the reader could never see. */
  readonly hidden: ReadonlySet<string>
  /** What is wrong with an answer; undefined when nothing is. */
  faultOf(answer: { readonly status: number; readonly total: string | null; readonly text: string }): string | undefined
}

/** Watches the answers to a reader that has seen these views of a district, one after the other. */
export function watchFor(whole: readonly SdsData[], seen: readonly SdsData[]): Watch {
  const known = new Set(recordsOf(seen).flatMap(textsOf))
  const hidden = new Set(
    recordsOf(whole)
      .flatMap(textsOf)
      .filter((text) => text.length > 3 && !known.has(text)),
  )
  const most = new Map(
    SDS_RESOURCES.map((list) => [String(list), new Set(seen.flatMap((view) => [...view[list].keys()])).size]),
  )
  return {
    hidden,
    faultOf({ status, total, text }) {
      if (status > 499) return `answered ${status}`
      if (text.includes(ADMIN_TOKEN) || INSIDES.test(text)) return 'shows our insides'
      if (status !== 200) return undefined
      for (const [, written = ''] of text.matchAll(/"((?:[^"\\]|\\.)*)"/g)) {
        if (hidden.has(written)) return `shows ${written}`
      }
      const [, list = ''] = /^\{"(\w+)":\[/.exec(text) ?? []
      const limit = most.get(list)
      return limit !== undefined && Number(total) > limit ? `counts ${total} ${list} of ${limit}` : undefined
    },
  }
}

const INSIDES = /SQLITE|no such (?:column|table)|unrecognized token|node:internal|\.ts:\d/i

function recordsOf(views: readonly SdsData[]): Entity[] {
  return views.flatMap((view) => SDS_RESOURCES.flatMap((list) => [...view[list].values()]))
}

/** Tokens of vocabularies and times, which stand in other answers too. */
const COMMON = ['dateLastModified', 'type', 'role', 'sex', 'classType']

/** Every text of a record that tells something of it. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => (COMMON.includes(name) ? [] : textsOf(member)))
}
