using Polly;

namespace DaprShop.Local.Resiliency;

/// <summary>What counts as a failed call: an exception, or an HTTP answer outside 200–399.</summary>
internal static class Failure
{
    public static bool Is(HttpResponseMessage response) => (int)response.StatusCode is < 200 or > 399;

    public static bool Is<T>(Outcome<T> outcome) =>
        outcome.Exception is not null || (outcome.Result is HttpResponseMessage response && Is(response));
}
