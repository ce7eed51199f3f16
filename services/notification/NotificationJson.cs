using System.Text.Json;
using System.Text.Json.Serialization;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Notification;

/// <summary>What this service reads and writes as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(BulkDelivery))]
[JsonSerializable(typeof(BulkOutcome))]
[JsonSerializable(typeof(Happening))]
[JsonSerializable(typeof(Inbox))]
[JsonSerializable(typeof(InboxPage))]
[JsonSerializable(typeof(Page<NotificationView>))]
[JsonSerializable(typeof(MemberContact))]
public sealed partial class NotificationJson : JsonSerializerContext;
