using System.Diagnostics;
using DaprShop.Testing.Telemetry.Otlp;

namespace DaprShop.Testing.Telemetry;

/// <summary>A span, and whose it is.</summary>
/// <param name="Service">Who made it.</param>
/// <param name="TraceId">In hexadecimal.</param>
/// <param name="SpanId">In hexadecimal.</param>
/// <param name="ParentId">In hexadecimal; empty for the first of a trace.</param>
/// <param name="Name">What it is of, e.g. <c>POST /api/orders</c>.</param>
/// <param name="Kind">Whose side of a call it is of.</param>
/// <param name="Error">What went wrong; null when nothing did.</param>
/// <param name="Attributes">As text.</param>
/// <param name="Linked">Other traces that it names, in hexadecimal.</param>
public sealed record SeenSpan(
    string Service, string TraceId, string SpanId, string ParentId, string Name, ActivityKind Kind, string? Error,
    IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<string> Linked)
{
    private const int IsError = 2;

    public static SeenSpan Of(string service, Span span) => new(
        service, Hex(span.TraceId), Hex(span.SpanId), Hex(span.ParentSpanId), span.Name,
        (ActivityKind)(span.Kind - 1), span.Status?.Code == IsError ? span.Status.Message : null, span.Attributes.AsText(),
        [.. span.Links.Select(link => Hex(link.TraceId))]);

    private static string Hex(Google.Protobuf.ByteString id) => Convert.ToHexStringLower(id.Span);
}

/// <summary>A metric, and whose it is.</summary>
public sealed record SeenMetric(string Service, Metric Metric);

public static class Attributes
{
    public static IReadOnlyDictionary<string, string> AsText(this IEnumerable<KeyValue> attributes) =>
        attributes.ToDictionary(attribute => attribute.Key, attribute => attribute.Value.ValueCase switch
        {
            AnyValue.ValueOneofCase.BoolValue => attribute.Value.BoolValue ? "true" : "false",
            AnyValue.ValueOneofCase.IntValue => $"{attribute.Value.IntValue}",
            AnyValue.ValueOneofCase.DoubleValue => $"{attribute.Value.DoubleValue}",
            _ => attribute.Value.StringValue,
        });
}
