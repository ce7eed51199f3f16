using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace DaprShop.Local.Gateway;

/// <summary>nginx's limit_req in the built-in gateway: a bucket of tokens for each client address and class of limit.</summary>
internal static class AddressLimits
{
    public static void LimitByAddress(this RateLimiterOptions options, GatewayRules rules, GatewayLimits limits)
    {
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, (string Class, IPAddress? Client)>(context =>
        {
            var path = PublicRequest.Of(context).Path;
            (string Class, IPAddress? Client) bucket = (rules.LimitOf(context.Request.Method, path), context.Connection.RemoteIpAddress);
            return RateLimitPartition.GetTokenBucketLimiter(
                bucket,
                key => key.Class == "strict"
                    ? Bucket(limits.StrictBurst, TimeSpan.FromMinutes(1) / limits.StrictPerMinute, 1)
                    : Bucket(limits.GenerousBurst, TimeSpan.FromMilliseconds(100), Math.Max(1, limits.GenerousPerSecond / 10)));
        });
        options.OnRejected = async (rejected, _) => await GatewayProblem.WriteAsync(rejected.HttpContext, StatusCodes.Status429TooManyRequests);
    }

    private static TokenBucketRateLimiterOptions Bucket(int burst, TimeSpan period, int tokens) => new()
    {
        TokenLimit = burst + 1,
        TokensPerPeriod = tokens,
        ReplenishmentPeriod = period,
        QueueLimit = 0,
    };
}
