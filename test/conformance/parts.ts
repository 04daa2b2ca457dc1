// The small shapes out of which the schemas of both versions are made.
import * as z from 'zod'
import { BASES, type Entity, PLURALS, serviceOf, type Version } from './entities.ts'

/** Neither null nor empty: what is not known is left out. */
export const text = z.string().regex(/\S/, 'is blank')
export const date = z.iso.date()
/** A moment in UTC with exactly three decimals. */
export const moment = z.iso.datetime({ precision: 3 })
/** Only what is safe in a path and in a filter. */
export const sourcedId = z.string().regex(/^[A-Za-z0-9._-]+$/)
export const schoolYear = z.string().regex(/^\d{4}$/)
export const score = z.number()

/** A list that has nothing to say is left out. */
export function many<T extends z.ZodType>(item: T) {
  return z.array(item).min(1)
}

/** `"true"` and `"false"`; native ones for a 1.1 consumer that asked for them. */
export function flagOf(isNative: boolean) {
  return isNative ? z.boolean() : z.enum(['true', 'false'])
}

/** A vocabulary that an implementer may extend by tokens that begin with `ext:`. */
export function extensible<const T extends readonly [string, ...string[]]>(tokens: T) {
  return z.union([z.enum(tokens), z.string().regex(/^ext:[a-zA-Z0-9.\-_]+$/)])
}

/** The entry grade levels of CEDS. */
export const grade = z.enum([
  ...(['IT', 'PR', 'PK', 'TK', 'KG', '01', '02', '03', '04', '05', '06', '07', '08', '09', '10'] as const),
  ...(['11', '12', '13', 'PS', 'UG', 'Other'] as const),
])

/** Residence status of CEDS. */
export const residence = z.enum(['01652', '01653', '01654', '01655', '01656'])

const metadata = z
  .record(text, z.union([text, many(text), z.record(text, text)]))
  .refine((value) => Object.keys(value).length > 0, 'is empty')

/** What every object begins with. */
export const base = {
  sourcedId,
  status: z.enum(['active', 'tobedeleted']),
  dateLastModified: moment,
  metadata: metadata.optional(),
}

export type LinkTo = (entity: Entity) => z.ZodType

/** Links as the version writes them: all three members, the base type, and an address at which the target is read. */
export function linkTo(version: Version, publicUrl: string): LinkTo {
  return (entity) => {
    const home = `${publicUrl}${BASES[version][serviceOf(entity)]}/${PLURALS[entity]}/`
    return z
      .strictObject({ href: z.url(), sourcedId, type: z.literal(entity) })
      .refine(({ href, sourcedId: id }) => href === home + encodeURIComponent(id), `href does not lead below ${home}`)
  }
}

/** No target twice. */
export function links(link: z.ZodType) {
  return many(link).refine(isDistinct, 'names a target twice')
}

function isDistinct(items: readonly unknown[]): boolean {
  return new Set(items.map((item) => JSON.stringify(item))).size === items.length
}

export type EntitySchemas = Readonly<Partial<Record<Entity, z.ZodObject>>>
