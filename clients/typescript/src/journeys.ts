/** The steps that every mini-program of this service takes in the same order. */

import type { Client, CallOptions } from "./client";
import type { Phone, SheetAnswer } from "./phones";
import { newId } from "./ids";
import { pause } from "./runtime";
import type { Disbursement, FeeOrder, Payment, PresentationProgress, SignedIn } from "./types";

const SETTLING_MS = 60_000;
const PREPARING_TRIES = 10;

/** One tap: the platform's code, our tokens. No phone number is asked for. */
export async function logIn(client: Client, phone: Phone, options: CallOptions = {}): Promise<SignedIn> {
  return client.signIn(phone.provider, await phone.loginCode(), options);
}

export interface PayOptions extends CallOptions {
  /** Name this try yourself to go on with it after the mini-program was closed. */
  clientId?: string;
  /** How long to wait for the money to be entered. */
  settlingMs?: number;
}

export interface Paid {
  order: FeeOrder;
  /** Whether the money is entered: only this says that it is paid. */
  paid: boolean;
  sheet: SheetAnswer;
}

/**
 * Prepare, show the sheet, wait until the money is entered. Sheets are not believed.
 * A try that was closed before, because its time was over, is followed by a new one.
 */
export async function payFee(
  client: Client,
  phone: Phone,
  orderNo: string,
  options: PayOptions = {},
): Promise<Paid> {
  let payment = await preparePayment(client, phone.provider, orderNo, options);
  if (payment.status === "closed") {
    payment = await preparePayment(client, phone.provider, orderNo, { ...options, clientId: newId() });
  }
  const ready = payment.parameters;
  const sheet = ready ? await phone.pay(ready) : "unknown";
  const forMs = sheet === "cancelled" ? 0 : (options.settlingMs ?? SETTLING_MS);
  const { done, answer } = await client.poll("/v1/fee-orders/{order_no}", {
    path: { order_no: orderNo },
    until: (order) => order.status !== "open",
    forMs,
    ...(options.cancellation ? { cancellation: options.cancellation } : {}),
  });
  return { order: answer, paid: done && answer.status === "paid", sheet };
}

/** The parameters of the pay sheet; asked again under the same id while they are being made. */
export async function preparePayment(
  client: Client,
  channel: "wechat" | "alipay",
  orderNo: string,
  options: PayOptions = {},
): Promise<Payment> {
  const { clientId = newId(), settlingMs: _, ...call } = options;
  const path = { order_no: orderNo, client_id: clientId };
  for (let left = PREPARING_TRIES; ; left -= 1) {
    const payment = await client.put("/v1/fee-orders/{order_no}/payments/{client_id}", {
      path,
      body: { channel },
      ...call,
    });
    if (payment.ask_again_after === null || left === 0) return payment;
    await pause(payment.ask_again_after * 1000, call.cancellation);
  }
}

/** Wait at the holder's screen until the code was scanned or has run out. */
export async function waitForScan(
  client: Client,
  presentationId: string,
  options: CallOptions & { forMs?: number } = {},
): Promise<PresentationProgress> {
  const { answer } = await client.poll("/v1/presentations/{presentation_id}", {
    path: { presentation_id: presentationId },
    until: (progress) => progress.state !== "waiting",
    ...options,
  });
  return answer;
}

/** Take a payout that waits for its recipient, and wait until it has arrived. */
export async function takePayout(
  client: Client,
  phone: Phone,
  disbursementId: string,
  options: CallOptions & { forMs?: number } = {},
): Promise<Disbursement> {
  const path = { disbursement_id: disbursementId };
  const waiting = await client.get("/v1/disbursements/{disbursement_id}", { path, ...options });
  if (waiting.confirmation === null || phone.takePayout === undefined) return waiting;
  const sheet = await phone.takePayout(waiting.confirmation);
  if (sheet === "cancelled") return waiting;
  const { answer } = await client.poll("/v1/disbursements/{disbursement_id}", {
    path,
    until: (found) => found.status === "paid" || found.status === "failed",
    ...options,
  });
  return answer;
}
