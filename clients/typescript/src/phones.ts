/** The phone's own part of a journey, the same on both platforms. */

/** Nobody has paid because a sheet said so: `done` and `unknown` are both asked about. */
export type SheetAnswer = "done" | "cancelled" | "failed" | "unknown";

export interface Phone {
  readonly provider: "wechat" | "alipay";
  loginCode(): Promise<string>;
  /** Show the pay sheet with the `parameters` of a payment. */
  pay(parameters: Readonly<Record<string, string>>): Promise<SheetAnswer>;
  /** Let the recipient take a payout with its `confirmation`, where the platform asks for that. */
  takePayout?(confirmation: Readonly<Record<string, string>>): Promise<SheetAnswer>;
}

interface Callbacks<R> {
  success(result: R): void;
  fail(error: { errMsg?: string }): void;
}

/** The part of `wx` that is used. */
export interface WxPhone {
  login(callbacks: Callbacks<{ code: string }>): unknown;
  requestPayment(options: Callbacks<unknown> & Record<string, unknown>): unknown;
  requestMerchantTransfer?(options: Callbacks<unknown> & Record<string, unknown>): unknown;
}

export function wxPhone(wx: WxPhone): Phone {
  const phone: Phone = {
    provider: "wechat",
    loginCode: () =>
      new Promise((resolve, reject) =>
        wx.login({
          success: (result) => resolve(result.code),
          fail: (error) => reject(new Error(error.errMsg ?? "login:fail")),
        }),
      ),
    pay: (parameters) => wxSheet((callbacks) => wx.requestPayment({ ...parameters, ...callbacks })),
  };
  if (wx.requestMerchantTransfer === undefined) return phone;
  const transfer = wx.requestMerchantTransfer.bind(wx);
  return {
    ...phone,
    takePayout: (confirmation) => wxSheet((callbacks) => transfer({ ...confirmation, ...callbacks })),
  };
}

function wxSheet(show: (callbacks: Callbacks<unknown>) => unknown): Promise<SheetAnswer> {
  return new Promise((resolve) =>
    show({
      success: () => resolve("done"),
      fail: (error) => resolve(/cancel/.test(error.errMsg ?? "") ? "cancelled" : "failed"),
    }),
  );
}

interface MyCallbacks<R> {
  success(result: R): void;
  fail(error: { error?: number | string; errorMessage?: string }): void;
}

/** The part of `my` that is used. */
export interface MyPhone {
  getAuthCode(options: { scopes: string[] } & MyCallbacks<{ authCode: string }>): unknown;
  tradePay(options: { tradeNO: string } & MyCallbacks<{ resultCode: string }>): unknown;
}

const ALIPAY_ANSWERS: Readonly<Record<string, SheetAnswer>> = {
  "9000": "done",
  "6001": "cancelled",
  "4000": "failed",
  "4": "failed",
};

export function myPhone(my: MyPhone): Phone {
  return {
    provider: "alipay",
    loginCode: () =>
      new Promise((resolve, reject) =>
        my.getAuthCode({
          scopes: ["auth_base"],
          success: (result) => resolve(result.authCode),
          fail: (error) => reject(new Error(`${error.error ?? ""} ${error.errorMessage ?? ""}`.trim())),
        }),
      ),
    pay: (parameters) =>
      new Promise((resolve) =>
        my.tradePay({
          tradeNO: parameters["tradeNO"] ?? "",
          success: (result) => resolve(ALIPAY_ANSWERS[result.resultCode] ?? "unknown"),
          fail: () => resolve("unknown"),
        }),
      ),
  };
}
