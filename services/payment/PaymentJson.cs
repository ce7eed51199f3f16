using System.Text.Json;
using System.Text.Json.Serialization;
using DaprShop.Contracts;

namespace DaprShop.Payment;

/// <summary>The service's JSON types, generated at build time.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Payment))]
[JsonSerializable(typeof(Posting))]
[JsonSerializable(typeof(PaymentView))]
[JsonSerializable(typeof(LedgerView))]
[JsonSerializable(typeof(PaymentChanged))]
[JsonSerializable(typeof(Dapr.CloudEvent<PaymentChanged>))]
[JsonSerializable(typeof(AuthorizePayment))]
[JsonSerializable(typeof(CapturePayment))]
[JsonSerializable(typeof(PaymentReply))]
[JsonSerializable(typeof(TestProvider.Memory))]
internal sealed partial class PaymentJson : JsonSerializerContext;
