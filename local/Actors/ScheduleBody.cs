using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DaprShop.Local.Actors;

/// <summary>The body of a request that registers a reminder or a timer.</summary>
internal sealed record ScheduleBody
{
    public string? DueTime { get; init; }

    public string? Period { get; init; }

    public string? Ttl { get; init; }

    /// <summary>Any JSON; handed to the callback as it came.</summary>
    public JsonElement? Data { get; init; }

    /// <summary>Timers only: the method to call.</summary>
    public string? Callback { get; init; }

    /// <summary>Reminders only: whether one of the same name may be replaced; true unless said otherwise.</summary>
    public bool? Overwrite { get; init; }

    /// <summary>Reminders only.</summary>
    public FailurePolicyBody? FailurePolicy { get; init; }

    /// <summary>The same under the name that daprd's HTTP API has for it.</summary>
    [JsonPropertyName("failure_policy")]
    public FailurePolicyBody? FailurePolicySnakeCase { get; init; }

    /// <exception cref="Errors.DaprError">Not such a body.</exception>
    public static async Task<ScheduleBody> ReadAsync(HttpRequest request)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(request.Body, ActorJson.Default.ScheduleBody, request.HttpContext.RequestAborted)
                ?? new ScheduleBody();
        }
        catch (JsonException error)
        {
            throw ActorErrors.Malformed(error.Message);
        }
    }

    /// <summary>The bytes of a JSON value as they came.</summary>
    public static byte[]? Raw(JsonElement? json) => json is { } value ? JsonMarshal.GetRawUtf8Value(value).ToArray() : null;
}

/// <summary><c>{"drop":{}}</c> or <c>{"constant":{"interval":"1s","maxRetries":3}}</c>.</summary>
internal sealed record FailurePolicyBody(JsonElement? Drop, ConstantPolicyBody? Constant);

internal sealed record ConstantPolicyBody(string? Interval, int? MaxRetries);
