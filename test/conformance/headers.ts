// What the headers of an answer must say: its type, its counts, its neighbours, and what to do about a refusal.

export interface Page {
  readonly limit: number
  readonly offset: number
}

interface ListAnswer {
  readonly headers: Headers
  /** The absolute public address that was asked. */
  readonly url: string
  readonly page: Page
  /** The rows in the body; undefined when the body was not asked for. */
  readonly rows: number | undefined
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** Of any answer that has a body. */
export function typeFaults(headers: Headers): string[] {
  const type = headers.get('content-type')
  return type?.toLowerCase() === JSON_TYPE ? [] : [`Content-Type is ${type}, not ${JSON_TYPE}`]
}

export function singleFaults(headers: Headers): string[] {
  const total = headers.get('x-total-count')
  const count = headers.get('x-count')
  return [
    ...(total === '1' ? [] : [`X-Total-Count of a single object is ${total}, not 1`]),
    ...(count === null || count === '1' ? [] : [`X-Count of a single object is ${count}`]),
    ...(headers.has('link') ? ['a single object has a Link header'] : []),
    ...tagFaults(headers),
  ]
}

export function listFaults({ headers, url, page, rows }: ListAnswer): string[] {
  const total = countOf(headers, 'x-total-count')
  const count = countOf(headers, 'x-count')
  const faults = tagFaults(headers)
  if (count === undefined) faults.push(`X-Count is ${headers.get('x-count')}, not a number`)
  if (total === undefined) return [...faults, `X-Total-Count is ${headers.get('x-total-count')}, not a number`]
  const due = Math.max(0, Math.min(page.limit, total - page.offset))
  if (rows !== undefined && rows !== due) faults.push(`${rows} rows where X-Total-Count ${total} leaves ${due}`)
  if (count !== undefined && count !== due) faults.push(`X-Count is ${count} on a page of ${due}`)
  return [...faults, ...linkFaults(headers.get('link'), { url, page, total })]
}

/** What a refusal of this status owes to whoever reads only headers. */
export function refusalHeaderFaults(headers: Headers, status: number, method: string): string[] {
  const faults = typeFaults(headers)
  const challenge = headers.get('www-authenticate') ?? ''
  if (status === 401 && !/^(Bearer|OAuth) realm="[^"]+"/.test(challenge)) {
    faults.push(`WWW-Authenticate of 401 is '${challenge}'`)
  }
  if (status === 403 && challenge !== '' && !challenge.includes('error="insufficient_scope"')) {
    faults.push(`WWW-Authenticate of 403 is '${challenge}'`)
  }
  const allowed = headers.get('allow')
  if (status === 405 && (allowed === null || allowed.split(/, */).includes(method))) {
    faults.push(`Allow of 405 to ${method} is ${allowed}`)
  }
  if ((status === 429 || status === 503) && !/^[1-9]\d*$/.test(headers.get('retry-after') ?? '')) {
    faults.push(`Retry-After of ${status} is ${headers.get('retry-after')}`)
  }
  for (const name of ['x-total-count', 'x-count', 'link', 'etag']) {
    if (headers.has(name)) faults.push(`a refusal has the header ${name}`)
  }
  return faults
}

function tagFaults(headers: Headers): string[] {
  const tag = headers.get('etag')
  // What holds no records has no generation to tell.
  return tag === null || /^(W\/)?"[\x21\x23-\x7e]+"$/.test(tag) ? [] : [`ETag is ${tag}`]
}

function countOf(headers: Headers, name: string): number | undefined {
  const text = headers.get(name)
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined
}

interface Place {
  readonly url: string
  readonly page: Page
  readonly total: number
}

function linkFaults(header: string | null, place: Place): string[] {
  if (header === null) return ['the Link header is missing']
  const faults: string[] = []
  const found = new Map<string, string>()
  // As the simplest of readers does it: an address that holds a comma does not survive.
  for (const part of header.split(',')) {
    const [, address, rel] = /^<([^<>"',\s]+)>; rel="(first|prev|next|last)"$/.exec(part.trim()) ?? []
    if (address === undefined || rel === undefined) faults.push(`Link holds '${part.trim()}'`)
    else if (found.has(rel)) faults.push(`Link has two of ${rel}`)
    else found.set(rel, address)
  }
  const { offset, limit } = place.page
  const due: Readonly<Record<string, boolean>> = {
    first: true,
    prev: offset > 0,
    next: offset + limit < place.total,
    last: true,
  }
  for (const [rel, isDue] of Object.entries(due)) {
    const address = found.get(rel)
    if ((address !== undefined) !== isDue) faults.push(`Link has ${isDue ? 'no' : 'a'} ${rel}`)
    if (address !== undefined) faults.push(...addressFaults(rel, address, place))
  }
  return faults
}

function addressFaults(rel: string, address: string, { url, page, total }: Place): string[] {
  const asked = new URL(url)
  const led = new URL(address, 'https://relative.invalid')
  const faults: string[] = []
  if (led.origin + led.pathname !== asked.origin + asked.pathname) {
    return [`${rel} leads to ${led.origin}${led.pathname}, not to ${asked.origin}${asked.pathname}`]
  }
  if (othersOf(led) !== othersOf(asked)) faults.push(`${rel} repeats ${othersOf(led)}, not ${othersOf(asked)}`)
  const offset = Number(led.searchParams.get('offset') ?? 0)
  const limit = Number(led.searchParams.get('limit') ?? 100)
  const isWhole = rel === 'last' ? limit <= page.limit && limit > 0 : limit === page.limit
  if (!isWhole) faults.push(`${rel} has the limit ${limit} in a list read by ${page.limit}`)
  if (!OFFSETS[rel]?.(offset, page, total)) faults.push(`${rel} of ${total} has the offset ${offset}`)
  return faults
}

const OFFSETS: Readonly<Record<string, (offset: number, page: Page, total: number) => boolean>> = {
  first: (offset) => offset === 0,
  // Behind the end, the page before is the last one.
  prev: (offset, page, total) =>
    page.offset < total ? offset === Math.max(0, page.offset - page.limit) : offset <= page.offset,
  next: (offset, page) => offset === page.offset + page.limit,
  last: (offset, page, total) => (total === 0 ? offset === 0 : offset < total && offset + page.limit >= total),
}

/** Every parameter but those of paging, in its order. */
function othersOf(url: URL): string {
  return JSON.stringify([...url.searchParams].filter(([name]) => name !== 'limit' && name !== 'offset'))
}
