using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Testing;

/// <summary>Holds every event of the services that a fake hears, as it is on the wire, against contracts/events.</summary>
internal sealed class ContractCheck
{
    /// <summary>The source of what tests say themselves: they may say what they like.</summary>
    public const string Test = "test";

    private readonly ConcurrentQueue<string> _faults = [];

    /// <summary>What was not as the contract has it.</summary>
    public IEnumerable<string> Faults => _faults;

    /// <summary>Middleware of a fake, before the CloudEvent is unwrapped.</summary>
    public async Task HearAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.ContentType?.StartsWith("application/cloudevents+json", StringComparison.OrdinalIgnoreCase) ?? false)
        {
            context.Request.EnableBuffering();
            using (var cloudEvent = await JsonDocument.ParseAsync(context.Request.Body)) await CheckAsync(cloudEvent.RootElement);
            context.Request.Body.Position = 0;
        }
        await next(context);
    }

    private async Task CheckAsync(JsonElement cloudEvent)
    {
        if (Text(cloudEvent, "source") == Test) return;
        var (topic, data) = (Text(cloudEvent, "topic"), cloudEvent.GetProperty("data"));
        var schema = await EventContract.SchemaOf(topic);
        foreach (var error in schema.Validate(data.GetRawText())) _faults.Enqueue($"{topic}: {error} in {data}");
        if (Text(data, "eventId") != Text(cloudEvent, "id")) _faults.Enqueue($"{topic}: the id of {cloudEvent} is not its eventId");
    }

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
