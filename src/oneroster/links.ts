// The Link header of a page: where the first, previous, next and last page are.
import { splitQuery, writeQuery } from './query-string.ts'

export interface PageOfList {
  /** Absolute public address of this page, with its query. */
  readonly url: string
  readonly offset: number
  readonly limit: number
  /** Records of the whole list. */
  readonly total: number
}

/** Proxies commonly take 4 or 8 KB of headers, and HTTP clients 16: an answer with more is lost as a whole. */
const LONGEST_HEADER = 4_096
const LONGEST_ADDRESS = 7_168

/**
 * `<url>; rel="first", …`, each absolute and with every other parameter. No `prev` on the first page, no `next` on the last.
 * A long query leaves `next` alone, and one that no proxy would let through nothing: X-Total-Count says enough to step on.
 */
export function linkHeader(page: PageOfList): string {
  const links = linksOf(page)
  const whole = links.map(({ text }) => text).join(', ')
  if (whole.length <= LONGEST_HEADER) return whole
  const next = links.find(({ rel }) => rel === 'next')?.text ?? ''
  return next.length <= LONGEST_ADDRESS ? next : ''
}

function linksOf({
  url,
  offset,
  limit,
  total,
}: PageOfList): readonly { readonly rel: string; readonly text: string }[] {
  const last = lastOffset(offset, limit, total)
  const offsets: [string, number][] = [['first', 0]]
  if (offset > 0) offsets.push(['prev', offset < total ? Math.max(0, offset - limit) : last])
  if (offset + limit < total) offsets.push(['next', offset + limit])
  offsets.push(['last', last])
  const to = pageAddress(url, limit)
  return offsets.map(([rel, at]) => ({ rel, text: `<${to(at)}>; rel="${rel}"` }))
}

/** The last page that one reaches by stepping from `offset`, so that following `next` ends there. */
function lastOffset(offset: number, limit: number, total: number): number {
  const first = offset % limit
  return total <= first ? 0 : first + Math.floor((total - 1 - first) / limit) * limit
}

function pageAddress(url: string, limit: number): (offset: number) => string {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const others = (splitQuery(mark < 0 ? '' : url.slice(mark + 1)) ?? []).filter(
    ({ name }) => name !== 'offset' && name !== 'limit',
  )
  const safePath = path.replace(/[ ,"'<>]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  return (offset) =>
    `${safePath}?${writeQuery([...others, { name: 'limit', value: `${limit}` }, { name: 'offset', value: `${offset}` }])}`
}
