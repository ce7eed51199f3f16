using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace DaprShop.Local.Gateway;

/// <summary>
/// nginx's limit_req and limit_conn in the built-in gateway: a bucket of tokens for each client address and class of limit, and a number
/// of requests at once for each client address.
/// </summary>
internal static class AddressLimits
{
    public static void LimitByAddress(this RateLimiterOptions options, GatewayRules rules, GatewayLimits limits)
    {
        options.GlobalLimiter = PartitionedRateLimiter.CreateChained(Rates(rules, limits), AtOnce(limits));
        options.OnRejected = async (rejected, _) => await GatewayProblem.WriteAsync(rejected.HttpContext, StatusCodes.Status429TooManyRequests);
    }

    private static PartitionedRateLimiter<HttpContext> Rates(GatewayRules rules, GatewayLimits limits) =>
        PartitionedRateLimiter.Create<HttpContext, (string Class, IPAddress? Client)>(context =>
        {
            var path = PublicRequest.Of(context).Path;
            (string Class, IPAddress? Client) bucket = (rules.LimitOf(context.Request.Method, path), context.Connection.RemoteIpAddress);
            return RateLimitPartition.GetTokenBucketLimiter(
                bucket,
                key => key.Class == "strict"
                    ? Bucket(limits.StrictBurst, TimeSpan.FromMinutes(1) / limits.StrictPerMinute, 1)
                    : Bucket(limits.GenerousBurst, TimeSpan.FromMilliseconds(100), Math.Max(1, limits.GenerousPerSecond / 10)));
        });

    private static PartitionedRateLimiter<HttpContext> AtOnce(GatewayLimits limits) =>
        PartitionedRateLimiter.Create<HttpContext, IPAddress>(context => RateLimitPartition.GetConcurrencyLimiter(
            context.Connection.RemoteIpAddress ?? IPAddress.None,
            _ => new ConcurrencyLimiterOptions { PermitLimit = limits.Simultaneous, QueueLimit = 0 }));

    private static TokenBucketRateLimiterOptions Bucket(int burst, TimeSpan period, int tokens) => new()
    {
        TokenLimit = burst + 1,
        TokensPerPeriod = tokens,
        ReplenishmentPeriod = period,
        QueueLimit = 0,
    };
}
