// The shapes of v1.2's objects, as the discovery documents publish them.
import { type Entity, type Field, fieldsOf, MODEL } from './model.ts'
import {
  closed,
  DATE,
  extensible,
  FLAG,
  type Json,
  listOf,
  MOMENT,
  NUMBER,
  oneOf,
  open,
  STRING,
  schemaRef,
  URI,
} from './openapi.ts'
import type { Part } from './services.ts'
import { STATUS } from './status-info.ts'

const BASE = { sourcedId: STRING, status: oneOf(['active', 'tobedeleted']), dateLastModified: MOMENT }

const OUTCOME = ['student', 'scoreStatus', 'scoreDate'] as const

/** What the standard demands beside the base; the bridge insists on more of a mapping (`Field.required`). */
const REQUIRED: Readonly<Record<Entity, readonly string[]>> = {
  academicSessions: ['title', 'startDate', 'endDate', 'type', 'schoolYear'],
  orgs: ['name', 'type', 'identifier'],
  courses: ['title', 'courseCode'],
  classes: ['title', 'course', 'school', 'terms'],
  users: ['enabledUser', 'givenName', 'familyName', 'roles'],
  enrollments: ['user', 'class', 'school', 'role'],
  demographics: [],
  resources: ['vendorResourceId'],
  categories: ['title'],
  lineItems: ['title', 'assignDate', 'dueDate', 'class', 'school', 'category'],
  results: ['lineItem', ...OUTCOME],
  scoreScales: ['title', 'type', 'class', 'scoreScaleValue'],
  assessmentLineItems: ['title'],
  assessmentResults: ['assessmentLineItem', ...OUTCOME],
}

const RESOURCES = listOf(schemaRef('ResourceGUIDRefDType'))
const OBJECTIVES = listOf(schemaRef('LearningObjectiveSetDType'))
const OBJECTIVE_SCORES = listOf(schemaRef('LearningObjectiveScoreSetDType'))
const RESOURCE_ROLES = ['administrator', 'aide', 'guardian', 'parent', 'proctor', 'relative', 'student', 'teacher']

/** Fields of which the model tells less than the standard, or only the name. */
const SHAPES: Readonly<Partial<Record<Entity, Json>>> = {
  courses: { resources: RESOURCES },
  classes: { resources: RESOURCES },
  users: { password: STRING, userProfiles: listOf(schemaRef('UserProfileDType')), resources: RESOURCES },
  resources: { roles: listOf(extensible(RESOURCE_ROLES)), importance: oneOf(['primary', 'secondary']) },
  lineItems: { assignDate: MOMENT, dueDate: MOMENT, learningObjectiveSet: OBJECTIVES },
  results: { learningObjectiveSet: OBJECTIVE_SCORES },
  assessmentLineItems: { learningObjectiveSet: OBJECTIVES },
  assessmentResults: { learningObjectiveSet: OBJECTIVE_SCORES },
}

/** The standard's spelling, where it is not that of `singular`. */
const REFERENCE_NAMES: Readonly<Partial<Record<Entity, string>>> = { academicSessions: 'AcadSession' }
const SET_NAMES: Readonly<Partial<Record<Entity, string>>> = { categories: 'Categories' }

const nameOf = (entity: Entity) => capitalised(MODEL[entity].singular)
const referenceName = (entity: Entity) => `${REFERENCE_NAMES[entity] ?? nameOf(entity)}GUIDRefDType`

export function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** The schema of an answer's whole body. */
export function wrapperName(entity: Entity, isSingle: boolean): string {
  return isSingle ? `Single${nameOf(entity)}DType` : `${SET_NAMES[entity] ?? nameOf(entity)}SetDType`
}

/** The schemas of these names with all that they need in turn, by name. */
export function schemasFor(part: Part, names: readonly string[]): Json {
  const all: Json = { ...SCHEMAS, imsx_CodeMinorFieldDType: codeMinorField(part) }
  const needed = new Set<string>()
  const need = (name: string) => {
    if (needed.has(name)) return
    needed.add(name)
    for (const [, next = ''] of JSON.stringify(all[name]).matchAll(/"#\/components\/schemas\/(\w+)"/g)) need(next)
  }
  for (const name of names) need(name)
  return Object.fromEntries([...needed].sort().map((name) => [name, all[name]]))
}

function entitySchema(entity: Entity): Json {
  const required = [...Object.keys(BASE), ...REQUIRED[entity]]
  const shapes = SHAPES[entity] ?? {}
  const filled = fieldsOf(entity, 'v1p2').map(
    ([name, field]) => [name, shapes[name] ?? fieldSchema(field, required.includes(name))] as const,
  )
  const unfilled = (MODEL[entity].unfilled?.v1p2 ?? []).map((name) => [name, shapes[name]] as const)
  const properties = { ...BASE, metadata: schemaRef('MetadataDType'), ...Object.fromEntries([...filled, ...unfilled]) }
  return closed(properties, required)
}

/** A list that must be there must not be empty. */
function fieldSchema(field: Field, isRequired: boolean): Json {
  const schema = valueSchema(field)
  const isMany = 'many' in field && field.many === true
  return isMany ? listOf(schema, isRequired ? 1 : 0) : schema
}

function valueSchema(field: Field): Json {
  switch (field.type) {
    case 'text':
      return STRING
    case 'date':
      return DATE
    case 'boolean':
      return FLAG
    case 'number':
      return NUMBER
    case 'reference':
      return schemaRef(referenceName(field.to))
    case 'roles':
      return schemaRef('RoleDType')
    case 'group':
      return closed(Object.fromEntries(Object.keys(field.members).map((name) => [name, STRING])))
    case 'token': {
      const { vocabulary, addedInV1p2 = [], inV1p2 = {} } = field
      // A token that v1.2 calls `ext:…` is covered by the pattern.
      return extensible([...vocabulary.filter((token) => !Object.hasOwn(inV1p2, token)), ...addedInV1p2])
    }
    default:
      return field satisfies never
  }
}

const USER_ROLES = [
  ...['aide', 'counselor', 'districtAdministrator', 'guardian', 'parent', 'principal', 'proctor'],
  ...['relative', 'siteAdministrator', 'student', 'systemAdministrator', 'teacher'],
]
/** The standard's pattern for other sources begins with a slash that nobody means, so no sane word matches it. */
const OBJECTIVE_SOURCE = oneOf(['case', 'unknown'])

const SMALL_SCHEMAS: Json = {
  MetadataDType: open({}),
  RoleDType: closed(
    {
      roleType: oneOf(['primary', 'secondary']),
      role: extensible(USER_ROLES),
      org: schemaRef(referenceName('orgs')),
      userProfile: URI,
      beginDate: DATE,
      endDate: DATE,
    },
    ['roleType', 'role', 'org'],
  ),
  UserProfileDType: closed(
    {
      profileId: URI,
      profileType: STRING,
      vendorId: STRING,
      applicationId: STRING,
      description: STRING,
      credentials: listOf(schemaRef('CredentialDType')),
    },
    ['profileId', 'profileType', 'vendorId'],
  ),
  CredentialDType: open({ type: STRING, username: STRING, password: STRING }, ['type', 'username']),
  LearningObjectiveSetDType: closed({ source: OBJECTIVE_SOURCE, learningObjectiveIds: listOf(STRING, 1) }),
  LearningObjectiveScoreSetDType: closed({
    source: OBJECTIVE_SOURCE,
    learningObjectiveResults: listOf(schemaRef('LearningObjectiveResultsDType'), 1),
  }),
  LearningObjectiveResultsDType: closed({ learningObjectiveId: STRING, score: NUMBER, textScore: STRING }, [
    'learningObjectiveId',
  ]),
  imsx_StatusInfoDType: closed(
    {
      imsx_codeMajor: oneOf(['success', 'processing', 'failure', 'unsupported']),
      imsx_severity: oneOf(['status', 'warning', 'error']),
      imsx_description: STRING,
      imsx_CodeMinor: schemaRef('imsx_CodeMinorDType'),
    },
    ['imsx_codeMajor', 'imsx_severity'],
  ),
  imsx_CodeMinorDType: closed({ imsx_codeMinorField: listOf(schemaRef('imsx_CodeMinorFieldDType'), 1) }),
}

/** An entity by itself, as a link, as the body of a single read and of a list. */
function schemasOf(entity: Entity): Json {
  const { singular } = MODEL[entity]
  const name = `${nameOf(entity)}DType`
  return {
    [name]: entitySchema(entity),
    [referenceName(entity)]: closed({ href: URI, sourcedId: STRING, type: oneOf([singular]) }),
    [wrapperName(entity, true)]: closed({ [singular]: schemaRef(name) }),
    [wrapperName(entity, false)]: closed({ [entity]: listOf(schemaRef(name)) }, []),
  }
}

// The model's keys are the entities.
const ENTITIES = Object.keys(MODEL) as Entity[]
const SCHEMAS: Json = Object.assign({}, SMALL_SCHEMAS, ...ENTITIES.map(schemasOf))

const CODE_MINORS = Object.values(STATUS)
  .filter(({ httpStatus }) => httpStatus >= 400)
  .map(({ codeMinor }) => codeMinor.v1p2)
const MORE_CODE_MINORS: Readonly<Record<Part, readonly string[]>> = {
  rostering: [],
  gradebook: ['deletefailure'],
  resources: ['invalid_sort_field', 'unsupported'],
}

function codeMinorField(part: Part): Json {
  return closed({
    imsx_codeMinorFieldName: { ...STRING, default: 'TargetEndSystem' },
    imsx_codeMinorFieldValue: oneOf([...new Set(['fullsuccess', ...CODE_MINORS, ...MORE_CODE_MINORS[part]])]),
  })
}
