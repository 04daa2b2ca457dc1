// The services under which OneRoster is served, and how a request's path finds its own.
import type { Version } from './model.ts'

export type Part = 'rostering' | 'resources' | 'gradebook'

export interface Service {
  readonly version: Version
  /** Path of the service below the public address. */
  readonly base: string
  readonly parts: readonly Part[]
}

export const V1P1: Service = {
  version: 'v1p1',
  base: '/ims/oneroster/v1p1',
  parts: ['rostering', 'resources', 'gradebook'],
}

const v1p2 = (part: Part): Service => ({ version: 'v1p2', base: `/ims/oneroster/${part}/v1p2`, parts: [part] })

export const V1P2_ROSTERING: Service = v1p2('rostering')
export const V1P2_RESOURCES: Service = v1p2('resources')

export const SERVICES: readonly Service[] = [V1P1, V1P2_ROSTERING, v1p2('gradebook'), V1P2_RESOURCES]

/** The service whose rostering collections a version's links lead into. */
export const ROSTERING: Readonly<Record<Version, Service>> = { v1p1: V1P1, v1p2: V1P2_ROSTERING }

export interface ServicePath {
  readonly service: Service
  /** The raw path below the service's base. */
  readonly path: string
}

/** Consumers write the base in any case and with doubled slashes. Undefined when the path is no service's. */
export function matchService(rawPath: string): ServicePath | undefined {
  for (const { service, pattern } of PATTERNS) {
    const found = pattern.exec(rawPath)
    if (found) return { service, path: rawPath.slice(found[0].length) }
  }
  return undefined
}

const PATTERNS = SERVICES.map((service) => ({
  service,
  pattern: new RegExp(`^${service.base.replaceAll('/', '/+')}(?=/|$)`, 'i'),
}))
