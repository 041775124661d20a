/** 掌上办 for mini-programs. */

export { fetchTransport, type Fetch } from "./adapters/fetch";
export { myTransport, type MyRequest } from "./adapters/my";
export { sandboxPhone, type SandboxHand } from "./adapters/sandbox";
export { wxTransport, type WxRequest } from "./adapters/wx";
export { Cancellation } from "./cancellation";
export { Client, type CallOptions, type ClientOptions, type Polled, type PollOptions } from "./client";
export { newId } from "./ids";
export { logIn, payFee, preparePayment, takePayout, waitForScan, type Paid, type PayOptions } from "./journeys";
export { myPhone, wxPhone, type MyPhone, type Phone, type SheetAnswer, type WxPhone } from "./phones";
export { Cancelled, NetworkFailed, Problem } from "./problems";
export { memoryStorage, myStorage, wxStorage, type MyStorage, type Storage, type WxStorage } from "./storage";
export type { Transport, WireAnswer, WireRequest } from "./transport";
export type {
  Answer,
  Arguments,
  Disbursement,
  Entitlement,
  FeeOrder,
  Method,
  PathsOf,
  Payment,
  Presentation,
  PresentationProgress,
  SignedIn,
} from "./types";
export type { components, paths } from "./generated/schema";
