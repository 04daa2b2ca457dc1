// What a discovery document says of each operation: its path, parameters, scopes and answers.
import { capitalised, wrapperName } from './discovery-schemas.ts'
import { type Json, ref, STRING, schemaRef } from './openapi.ts'
import type { Operation } from './operations.ts'
import { type Scope, scopeUrl } from './scopes.ts'

/** The official documents' name for the OAuth 2.0 of their operations. */
export const SECURITY_SCHEME = 'OAuth2CC'
/** The schema of every failure's body. */
export const STATUS_INFO = 'imsx_StatusInfoDType'

/** The scope that covers a `-core` one. */
const WHOLE: Readonly<Partial<Record<Scope, Scope>>> = {
  'roster-core': 'roster',
  'resource-core': 'resource',
  'gradebook-core': 'gradebook',
}

/** The scopes of which any one opens the operation, the widest first. */
export function scopesOf({ scope }: Operation): readonly Scope[] {
  const whole = WHOLE[scope]
  return whole === undefined ? [scope] : [whole, scope]
}

/** With the parameters' names of the standard: `{id}` is its `{sourcedId}`, `{classId}` its `{classSourcedId}`. */
export function publicPath({ path }: Operation): string {
  return path.replace(/\{(\w*?)[iI]d\}/g, (_, owner) => (owner === '' ? '{sourcedId}' : `{${owner}SourcedId}`))
}

export function tagOf({ path }: Operation): string {
  const [first = ''] = path.split('/')
  return `${capitalised(first)}Management`
}

/** What the document says of reading the path. */
export function reading(operation: Operation): Json {
  const { name, entity, isSingle, part, parents } = operation
  const parameters = [...publicPath(operation).matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => ({
    name: parameter,
    in: 'path',
    required: true,
    description: `The sourcedId of the ${parameter === 'sourcedId' ? 'object' : parameter.replace('SourcedId', '')}.`,
    schema: STRING,
    style: 'simple',
  }))
  const content = { 'application/json': { schema: schemaRef(wrapperName(entity, isSingle)) } }
  // Facts 1.6 to 1.8: lists of rostering know no 404, nor do the whole collections of the gradebook.
  const has404 = isSingle || part === 'resources' || (part === 'gradebook' && parents.length > 0)
  const errors = Object.keys(RESPONSES).filter((status) => status !== '404' || has404)
  return {
    operationId: name,
    summary: summaryOf(operation),
    tags: [tagOf(operation)],
    parameters: [...parameters, ...(isSingle ? [FIELDS] : [...PAGING, FIELDS])],
    security: [{ [SECURITY_SCHEME]: scopesOf(operation).map((scope) => scopeUrl(scope, 'v1p2')) }],
    responses: {
      200: isSingle
        ? { description: 'The object.', content }
        : { description: 'A page of the collection.', headers: LIST_HEADERS, content },
      ...Object.fromEntries(errors.map((status) => [status, ref(`responses/${status}`)])),
    },
  }
}

function summaryOf({ path, isSingle }: Operation): string {
  const [what = '', ...above] = path
    .split('/')
    .filter((segment) => !segment.startsWith('{'))
    .reverse()
    .map((word) => word.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`))
  if (isSingle) return `One of the ${what}, by its sourcedId.`
  return above.length === 0
    ? `All ${what}.`
    : `The ${what} of ${above.map((word) => `one of the ${word}`).join(' of ')}.`
}

const query = (name: string, schema: Json, description: string): Json => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
  style: 'form',
  explode: true,
  allowEmptyValue: false,
})

const PAGING: readonly Json[] = [
  query(
    'limit',
    { type: 'integer', format: 'int32', default: 100, minimum: 1 },
    'How many records a page holds at most. One above the maximum of this service is refused, never lowered.',
  ),
  query(
    'offset',
    { type: 'integer', format: 'int32', default: 0, minimum: 0 },
    'How many records of the list come before the page.',
  ),
  query('sort', STRING, 'The field by which the list is ordered; sourcedId without it.'),
  query('orderBy', { type: 'string', enum: ['asc', 'desc'] }, 'Rising or falling; rising without it.'),
  query('filter', STRING, "Which records the list holds, as in: familyName~'son' AND status='active'"),
]

const FIELDS = query(
  'fields',
  { type: 'array', items: STRING },
  'The fields that each record shall hold and no other; separated by commas, or one to a parameter.',
)

const LIST_HEADERS: Json = {
  'X-Total-Count': {
    description: 'How many records the whole list holds, on all pages together.',
    schema: { type: 'integer' },
  },
  Link: {
    description: 'The addresses of the first, prev, next and last page (RFC 8288), as far as there are such.',
    schema: STRING,
  },
}

const failure = (description: string): Json => ({
  description,
  content: { 'application/json': { schema: schemaRef(STATUS_INFO) } },
})

/** The failures, by status, as components. */
export const RESPONSES: Json = {
  400: failure('A parameter cannot be used: invaliddata, invalid_filter_field or invalid_selection_field.'),
  401: failure('No credentials that hold: unauthorisedrequest.'),
  403: failure('The credentials do not open this: forbidden.'),
  404: failure('There is no such object: unknownobject.'),
  422: failure('A body that can be read but not used: invaliddata.'),
  429: failure('Too many requests: server_busy. Retry-After tells when to ask again.'),
  500: failure('The service failed: internal_server_error.'),
  default: failure('Any other failure, such as 503 server_busy until there is something to read.'),
}
