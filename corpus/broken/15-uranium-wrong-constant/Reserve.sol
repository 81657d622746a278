// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Swaps legacy for successor out of a reserve; what it holds of both together must not shrink.
abstract contract Reserve {
    using SafeERC20 for IERC20;

    error NotAllowed();
    error Shrunk();

    address private immutable OWNER = msg.sender;
    IERC20 internal immutable LEGACY;
    IERC20 internal immutable SUCCESSOR;

    constructor(IERC20 legacy, IERC20 successor) {
        LEGACY = legacy;
        SUCCESSOR = successor;
    }

    /// @notice Sends the reserve to the next version.
    function moveTo(address next) external {
        if (msg.sender != OWNER) revert NotAllowed();
        SUCCESSOR.safeTransfer(next, SUCCESSOR.balanceOf(address(this)));
    }

    /// @notice Takes `amountIn` of the caller's legacy and pays `amountOut` of successor.
    function swap(uint256 amountIn, uint256 amountOut) external {
        uint256 before = _held();
        LEGACY.safeTransferFrom(msg.sender, address(this), amountIn);
        SUCCESSOR.safeTransfer(msg.sender, amountOut);
        if (!_kept(before, _held())) revert Shrunk();
    }

    /// @dev Whether `afterwards` is as much as `before`, in the parts that this version counts in.
    function _kept(uint256 before, uint256 afterwards) internal pure virtual returns (bool);

    function _held() private view returns (uint256) {
        return LEGACY.balanceOf(address(this)) + SUCCESSOR.balanceOf(address(this));
    }
}

/// @notice The first version counts in thousandths.
contract ReserveV1 is Reserve {
    constructor(IERC20 legacy, IERC20 successor) Reserve(legacy, successor) {}

    function _kept(uint256 before, uint256 afterwards) internal pure override returns (bool) {
        return afterwards * 1000 >= before * 1000;
    }
}

/// @notice The second version counts in ten-thousandths.
contract ReserveV2 is Reserve {
    constructor(IERC20 legacy, IERC20 successor) Reserve(legacy, successor) {}

    function _kept(uint256 before, uint256 afterwards) internal pure override returns (bool) {
        return afterwards * 10_000 >= before * 1000;
    }
}
