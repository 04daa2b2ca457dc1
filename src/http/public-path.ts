// A request's path below the public prefix, whether a proxy has taken that off or not.

/** The path of the public address, without a trailing slash. */
export function prefixOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/+$/, '')
}

export interface SplitUrl {
  /** Raw, without the public prefix if it came through. */
  readonly path: string
  /** Raw, with its `?`, or empty. */
  readonly query: string
}

export function splitUrl(url: string, prefix: string): SplitUrl {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const whole = start < 0 ? '/' : url.slice(start)
  const mark = whole.indexOf('?')
  const path = mark < 0 ? whole : whole.slice(0, mark)
  const hasPrefix = prefix !== '' && path.toLowerCase().startsWith(`${prefix.toLowerCase()}/`)
  return { path: hasPrefix ? path.slice(prefix.length) : path, query: mark < 0 ? '' : whole.slice(mark) }
}

export const TOKEN_PATHS = ['/oauth/token', '/token', '/oauth2/token'] as const

/** Token paths are as forgiving as OneRoster's: consumers put them together from a base that may end in a slash. */
export function tokenPath(path: string): string | undefined {
  // Long before the others could match, most requests are for something else.
  if (path.length > LONGEST_TOKEN_PATH) return undefined
  const plain = path
    .replaceAll(/\/{2,}/g, '/')
    .replace(/\/$/, '')
    .toLowerCase()
  return TOKEN_PATHS.find((known) => known === plain)
}

/** With as many more slashes as anybody would write. */
const LONGEST_TOKEN_PATH = 100
