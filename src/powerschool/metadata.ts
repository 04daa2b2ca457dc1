// Reads what a PowerSchool server tells about itself: version, time zone, page sizes.

import { BridgeError } from '../errors.ts'

export const METADATA_PATH = '/ws/v1/metadata'

/** The plugin setting "Maximum Page Size" where nobody has raised it, and where metadata does not name a resource. */
export const SMALLEST_PAGE_SIZE = 100

export interface PowerSchoolMetadata {
  readonly version: string | undefined
  /** An IANA name such as `America/Phoenix`: dates and times of this server are local to it. */
  readonly timeZone: string | undefined
  /** Rows a page by resource: `{ student: 1000, section_enrollment: 1000 }`. */
  readonly pageSizes: Readonly<Record<string, number>>
}

export function parseMetadata(body: unknown): PowerSchoolMetadata {
  const metadata = isObject(body) ? body.metadata : undefined
  if (!isObject(metadata)) {
    throw new BridgeError('powerschool-broken-answer', `The answer to ${METADATA_PATH} holds no metadata.`, {
      remedy: 'Check that POWERSCHOOL_URL is the address of a PowerSchool server.',
    })
  }
  const sizes = Object.entries(metadata).flatMap(([key, value]) => {
    const resource = /^(\w+)_max_page_size$/.exec(key)?.[1]
    const size = Number(value)
    return resource !== undefined && Number.isInteger(size) && size > 0 ? [[resource, size] as const] : []
  })
  return {
    version: textOf(metadata.powerschool_version),
    timeZone: textOf(metadata.district_timezone),
    pageSizes: Object.fromEntries(sizes),
  }
}

/** For the list whose rows stand at `sections.section`: the size for `section`. */
export function pageSizeOf({ pageSizes }: PowerSchoolMetadata, rowsPath: string): number {
  return pageSizes[rowsPath.slice(rowsPath.lastIndexOf('.') + 1)] ?? SMALLEST_PAGE_SIZE
}

/** Numeric-looking text comes as a number. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
