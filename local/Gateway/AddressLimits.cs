using System.Net;
using System.Threading.RateLimiting;
using DaprShop.Common;
using Microsoft.AspNetCore.RateLimiting;

namespace DaprShop.Local.Gateway;

/// <summary>
/// nginx's limit_req and limit_conn in the built-in gateway: a bucket of tokens for each client and class of limit, and a number of
/// requests at once for each client, which is what <see cref="ClientNetwork"/> says.
/// </summary>
internal static class AddressLimits
{
    public static void LimitByAddress(this RateLimiterOptions options, GatewayRules rules, GatewayLimits limits)
    {
        options.GlobalLimiter = PartitionedRateLimiter.CreateChained(Rates(rules, limits), AtOnce(limits));
        options.OnRejected = async (rejected, _) => await GatewayProblem.WriteAsync(rejected.HttpContext, StatusCodes.Status429TooManyRequests);
    }

    private static PartitionedRateLimiter<HttpContext> Rates(GatewayRules rules, GatewayLimits limits) =>
        PartitionedRateLimiter.Create<HttpContext, (string Class, IPNetwork Client)>(context =>
        {
            var path = PublicRequest.Of(context).Path;
            return RateLimitPartition.GetTokenBucketLimiter(
                (Class: rules.LimitOf(context.Request.Method, path), Client: ClientOf(context)),
                key => key.Class == "strict"
                    ? Bucket(limits.StrictBurst, TimeSpan.FromMinutes(1) / limits.StrictPerMinute, 1)
                    : Bucket(limits.GenerousBurst, TimeSpan.FromMilliseconds(100), Math.Max(1, limits.GenerousPerSecond / 10)));
        });

    private static PartitionedRateLimiter<HttpContext> AtOnce(GatewayLimits limits) =>
        PartitionedRateLimiter.Create<HttpContext, IPNetwork>(context => RateLimitPartition.GetConcurrencyLimiter(
            ClientOf(context),
            _ => new ConcurrencyLimiterOptions { PermitLimit = limits.Simultaneous, QueueLimit = 0 }));

    private static IPNetwork ClientOf(HttpContext context) => ClientNetwork.Of(context.Connection.RemoteIpAddress ?? IPAddress.None);

    private static TokenBucketRateLimiterOptions Bucket(int burst, TimeSpan period, int tokens) => new()
    {
        TokenLimit = burst + 1,
        TokensPerPeriod = tokens,
        ReplenishmentPeriod = period,
        QueueLimit = 0,
    };
}
