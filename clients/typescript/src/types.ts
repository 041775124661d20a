/** What each call takes and gives, read off the interface's own description. */

import type { paths } from "./generated/schema";

export type Method = "get" | "post" | "put" | "delete";

/** The paths that have this method. */
export type PathsOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends { [K in M]: { responses: unknown } } ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends keyof paths> = paths[P] extends { [K in M]: infer O }
  ? O
  : never;

type InPath<O> = O extends { parameters: { path: infer V } } ? { path: V } : { path?: never };

type InQuery<O> = O extends { parameters: { query?: infer V } }
  ? [V] extends [never | undefined]
    ? { query?: never }
    : { query?: V }
  : { query?: never };

type InBody<O> = O extends { requestBody: { content: { "application/json": infer B } } }
  ? { body: B }
  : { body?: never };

/** What a call is given: the parts of its address, its query and its body. */
export type Arguments<M extends Method, P extends keyof paths> = InPath<Operation<M, P>> &
  InQuery<Operation<M, P>> &
  InBody<Operation<M, P>>;

type Content<R> = R extends { content: { "application/json": infer A } } ? A : undefined;

type Success<O> = O extends { responses: infer R } ? Content<R[Extract<keyof R, 200 | 201 | 204>]> : never;

/** What a call answers when it is not refused. */
export type Answer<M extends Method, P extends keyof paths> = Success<Operation<M, P>>;

/** The paths of GETs that wait for a change when asked to. */
export type WaitingPaths = {
  [P in PathsOf<"get">]: Arguments<"get", P> extends { query?: infer Q }
    ? "wait" extends keyof NonNullable<Q>
      ? P
      : never
    : never;
}[PathsOf<"get">];

/** The paths of lists that come in pages. */
export type PagedPaths = {
  [P in PathsOf<"get">]: Answer<"get", P> extends { items: unknown[]; next_cursor: string | null }
    ? P
    : never;
}[PathsOf<"get">];

export type SignedIn = Answer<"post", "/v1/sessions">;
export type FeeOrder = Answer<"get", "/v1/fee-orders/{order_no}">;
export type Payment = Answer<"put", "/v1/fee-orders/{order_no}/payments/{client_id}">;
export type Presentation = Answer<"post", "/v1/licences/{licence_id}/presentations">;
export type PresentationProgress = Answer<"get", "/v1/presentations/{presentation_id}">;
export type Disbursement = Answer<"get", "/v1/disbursements/{disbursement_id}">;
export type Entitlement = Answer<"get", "/v1/entitlements/{entitlement_id}">;

type NeedsSomething<A> = A extends { path: unknown } | { body: unknown } ? true : false;

/** The arguments of a call as its last parameter: left out where nothing is needed. */
export type Given<M extends Method, P extends keyof paths, Options> = NeedsSomething<
  Arguments<M, P>
> extends true
  ? [given: Arguments<M, P> & Options]
  : [given?: Arguments<M, P> & Options];
