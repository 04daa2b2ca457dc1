// What a mapping may fill: the model without the fields that the bridge owns, in the mapping checker's words.
import { COLLECTIONS, type Field, MODEL, type RolesField } from './model.ts'

export interface TargetField {
  readonly type: 'text' | 'number' | 'boolean' | 'date' | 'reference' | 'group'
  readonly many?: boolean
  readonly required?: boolean
  readonly vocabulary?: readonly string[]
  readonly to?: string
  readonly members?: Readonly<Record<string, TargetField>>
}

/** Collection → its mappable fields. sourcedId, status, dateLastModified and metadata belong to the engine. */
export const TARGET_MODEL: Readonly<Record<string, { readonly fields: Readonly<Record<string, TargetField>> }>> =
  Object.fromEntries(COLLECTIONS.map((collection) => [collection, { fields: targetFields(MODEL[collection].fields) }]))

function targetFields(fields: Readonly<Record<string, Field>>): Record<string, TargetField> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) =>
      field.type === 'roles' || field.isDerived ? [] : [[name, targetField(field)]],
    ),
  )
}

function targetField(field: Exclude<Field, RolesField>): TargetField {
  return {
    type: field.type === 'token' ? 'text' : field.type,
    ...('many' in field && field.many ? { many: true } : {}),
    ...(field.required ? { required: true } : {}),
    ...(field.type === 'token' ? { vocabulary: [...field.vocabulary, ...(field.addedInV1p2 ?? [])] } : {}),
    ...(field.type === 'reference' ? { to: field.to } : {}),
    ...(field.type === 'group' ? { members: targetFields(field.members) } : {}),
  }
}
