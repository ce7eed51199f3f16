using System.Diagnostics;

namespace DaprShop.Local.Tracing;

/// <summary>
/// <c>grpc-trace-bin</c>, the trace context as OpenCensus writes it beside <c>traceparent</c>: version 0; field 0, the trace; field 1, the
/// span; field 2, its flags. https://github.com/census-instrumentation/opencensus-specs/blob/master/encodings/BinaryEncoding.md
/// </summary>
internal static class TraceBinary
{
    public const string Header = "grpc-trace-bin";

    private const int TraceAt = 2;
    private const int SpanAt = 19;
    private const int FlagsAt = 28;
    private const int Length = 29;

    /// <summary>Null for what is no <c>traceparent</c>.</summary>
    public static byte[]? Of(string? traceParent)
    {
        if (!ActivityContext.TryParse(traceParent, null, out var context)) return null;
        var binary = new byte[Length];
        context.TraceId.CopyTo(binary.AsSpan(TraceAt..(SpanAt - 1)));
        binary[SpanAt - 1] = 1;
        context.SpanId.CopyTo(binary.AsSpan(SpanAt..(FlagsAt - 1)));
        binary[FlagsAt - 1] = 2;
        binary[FlagsAt] = (byte)context.TraceFlags;
        return binary;
    }

    /// <summary>The <c>traceparent</c> of the same meaning; null for anything else than a header of this kind.</summary>
    public static string? ToTraceParent(string? header)
    {
        if (header is null) return null;
        Span<byte> binary = stackalloc byte[Length + 1];
        // Padding may be left out.
        var text = header.TrimEnd('=');
        if (!Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), binary, out var length) || length != Length
            || binary[0] != 0 || binary[1] != 0 || binary[SpanAt - 1] != 1 || binary[FlagsAt - 1] != 2) return null;
        var (trace, span) = (Convert.ToHexStringLower(binary[TraceAt..(SpanAt - 1)]), Convert.ToHexStringLower(binary[SpanAt..(FlagsAt - 1)]));
        return $"00-{trace}-{span}-{binary[FlagsAt]:x2}";
    }
}
